// @ts-check
// The newest trades in short, read again when the account has changed.

import { api } from "./api.js";
import { h, replace } from "./dom.js";
import { count, date, dollars, price, shortDateTime } from "./format.js";
import { emptyState, link, panel, runLink, sideWord, stockLink } from "./ui.js";

const MOST = 5;

/** @param {import("./app.js").Context} context */
export function latestTrades({ account, signal }) {
  const list = h("ul", { class: "latest" });
  let known = "";
  account.subscribe(() => {
    const folio = account.portfolio;
    if (folio?.offline && list.childElementCount === 0) {
      replace(list, h("li", { class: "hint", text: "They cannot be read while the service cannot be reached." }));
    }
    if (!folio || folio.offline) return;
    // What is held and the cash tell whether something was traded since.
    const state = `${folio.cash} ${folio.positions.map((p) => `${p.symbol}${p.quantity}`).join()}`;
    if (state === known) return;
    known = state;
    api(`/transactions?limit=${MOST}`, { signal }).then((answer) => {
      const rows = Array.isArray(answer?.transactions) ? answer.transactions.slice(0, MOST) : [];
      if (rows.length === 0) {
        replace(list, h("li", {}, emptyState("No trades yet", "The first one appears here, with the steps that it took.")));
      } else replace(list, rows.map(row));
    }).catch(() => { known = ""; });
  }, signal);
  const made = panel("latestTitle", "Latest trades", list,
    h("p", { class: "panel-foot" }, link("/app/transactions", "The whole history")));
  made.classList.add("latest-panel");
  return made;
}

/** @param {any} t */
function row(t) {
  const isSell = (t.side ?? t.type) === "sell";
  const id = t.executionId ?? t.execution_id;
  const total = dollars(t.total ?? t.total_received ?? t.total_cost ?? t.amount);
  const at = date(t.timestamp ?? t.time);
  return h("li", { class: "latest-row" },
    h("span", { class: "latest-what" },
      sideWord(isSell, isSell ? "Sold" : "Bought"),
      ` ${count(t.quantity)} `, stockLink(String(t.symbol))),
    h("span", { class: "num", text: total === "–" ? total : `${isSell ? "+" : "−"}${total}` }),
    h("span", { class: "hint" }, h("time", { datetime: at?.toISOString(), text: shortDateTime(at?.getTime()) }), ` at ${price(t.price)}`),
    id ? h("span", { class: "hint num" }, runLink(id, "See the run", `See the run of the trade in ${t.symbol}`)) : null);
}
