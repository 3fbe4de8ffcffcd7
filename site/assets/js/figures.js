// @ts-check
// The account in four figures, kept current with each quote.

import { h, setText } from "./dom.js";
import { direction, directionWord, dollars, signedDollars, signedPercent } from "./format.js";
import { wayOf } from "./tone.js";
import { markedEquity } from "./valuation.js";

/** @param {Pick<import("./app.js").Context, "account" | "market" | "signal">} context */
export function figures({ account, market, signal }) {
  const cells = {
    equity: cell("Account value"), cash: cell("Cash available"), day: cell("Today"), profit: cell("Since the start"),
  };
  const show = () => {
    const folio = account.portfolio;
    if (!folio) return;
    const { equity, dayChange, profit, profitPercent } = markedEquity(folio, market.quotes);
    setText(cells.equity.value, dollars(equity));
    setText(cells.equity.note, invested(folio.positions, equity - folio.cash));
    setText(cells.cash.value, dollars(folio.available));
    setText(cells.cash.note, folio.holds > 0 ? `${dollars(folio.holds)} reserved by open orders`
      : equity > 0 ? `${((folio.cash / equity) * 100).toFixed(1)} % of the account` : "");
    const before = equity - dayChange;
    tone(cells.day, dayChange, before > 0 ? (dayChange / before) * 100 : Number.NaN);
    tone(cells.profit, profit, profitPercent);
  };
  account.subscribe(show, signal);
  market.subscribe({ onQuotes: show }, signal);
  return h("dl", { class: "figures", id: "accountFigures" }, ...Object.values(cells).map((c) => c.element));
}

/** @param {import("./account.js").Position[]} positions @param {number} value */
function invested(positions, value) {
  const stocks = positions.length;
  const age = positions.some((p) => p.stale) ? ", at old prices" : "";
  if (!Number.isFinite(value)) return "Not known at the moment";
  return stocks === 0 ? "All of it in cash" : `${dollars(value)} in ${stocks} ${stocks === 1 ? "stock" : "stocks"}${age}`;
}

/** @param {string} name */
function cell(name) {
  const value = h("span", { class: "figure-value", text: "–" });
  const word = h("span", { class: "visually-hidden" });
  const note = h("span", { class: "figure-note" });
  const element = h("div", { class: "figure" }, h("dt", { text: name }), h("dd", {}, value, " ", word, note));
  return { element, value, word, note };
}

/** @param {ReturnType<typeof cell>} target @param {number} amount @param {number} percent */
function tone(target, amount, percent) {
  const way = wayOf(amount);
  setText(target.value, signedDollars(amount));
  setText(target.word, Number.isFinite(amount) ? directionWord(direction(way === "flat" ? 0 : amount)) : "");
  setText(target.note, Number.isFinite(percent) ? signedPercent(percent) : "");
  target.value.classList.toggle("is-up", way === "up");
  target.value.classList.toggle("is-down", way === "down");
}
