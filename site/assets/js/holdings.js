// @ts-check
// S1's list of holdings (`#portfolio`), marked to the market with each quote.

import { h, replace, setText } from "./dom.js";
import {
  directionMark, directionWord, dollars, price, shares, signedDollars, signedPercent,
} from "./format.js";
import { quickButtons } from "./trade-actions.js";
import { wayOf } from "./tone.js";
import { emptyState, stockLink } from "./ui.js";
import { markedPosition } from "./valuation.js";

/** @param {import("./app.js").Context} context */
export function holdingsList(context) {
  const { account, market, signal } = context;
  const list = h("ul", { class: "holdings", id: "portfolio" });
  const note = h("p", { class: "notice", hidden: true });
  /** @type {Map<string, ReturnType<typeof row>>} */
  let rows = new Map();
  account.subscribe(() => {
    const folio = account.portfolio;
    if (!folio) return;
    note.hidden = !folio.offline;
    setText(note, folio.offline
      ? "The service cannot be reached. These holdings are the copy that this browser remembers." : "");
    const next = new Map();
    for (const position of folio.positions) {
      next.set(position.symbol, rows.get(position.symbol) ?? row(context, position.symbol));
    }
    rows = next;
    const items = [...rows.values()].map((r) => r.element);
    // A row that stays is not touched: the focus on its buttons would be lost.
    const same = items.length === list.childElementCount && items.every((item, i) => list.children[i] === item);
    if (items.length === 0) {
      replace(list, h("li", {}, folio.offline ? emptyState(
        "Nothing is remembered", "This browser keeps no copy of your holdings. They are safe with the service.",
      ) : emptyState(
        "You hold no shares yet", "Choose a stock above, or press Buy 1 on a card: one share, at once, at the price now.")));
    }
    else if (!same) list.replaceChildren(...items);
    mark();
  }, signal);
  const mark = () => {
    for (const position of account.portfolio?.positions ?? []) {
      rows.get(position.symbol)?.show(markedPosition(position, market.quotes.get(position.symbol)));
    }
  };
  market.subscribe({ onQuotes: mark }, signal);
  return h("div", {}, note, list);
}

/** @param {import("./app.js").Context} context @param {string} symbol */
function row(context, symbol) {
  const quantity = h("span", { class: "holding-quantity" });
  const value = h("span", { class: "holding-value num" });
  const profit = h("span", { class: "holding-profit num" });
  const element = h("li", { class: "holding", data: { symbol } },
    h("span", { class: "holding-name" }, stockLink(symbol), " ", quantity),
    h("span", { class: "holding-worth" }, value, profit), quickButtons(context, symbol));
  return {
    element,
    show: (/** @type {import("./account.js").Position} */ position) => {
      element.dataset.quantity = String(position.quantity);
      const each = Number.isFinite(position.averageCost) ? ` at ${price(position.averageCost)}` : "";
      setText(quantity, shares(position.quantity) + each);
      setText(value, dollars(position.marketValue));
      const way = wayOf(position.unrealisedProfit);
      setText(profit, Number.isFinite(position.unrealisedProfit)
        ? `${directionMark(way)} ${directionWord(way)} ${signedDollars(position.unrealisedProfit)} · `
          + signedPercent(position.unrealisedPercent) : "");
      profit.className = `holding-profit num ${way === "up" ? "is-up" : way === "down" ? "is-down" : ""}`;
    },
  };
}
