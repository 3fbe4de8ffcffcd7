// @ts-check
// The account in four figures, kept current with each quote.

import { h, setText } from "./dom.js";
import { direction, directionWord, dollars, signedDollars, signedPercent } from "./format.js";
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
    setText(cells.cash.value, dollars(folio.available));
    setText(cells.cash.note, folio.holds > 0 ? `${dollars(folio.holds)} reserved by open orders` : "");
    tone(cells.day, dayChange, signedDollars(dayChange));
    tone(cells.profit, profit, signedDollars(profit));
    setText(cells.profit.note, Number.isFinite(profitPercent) ? signedPercent(profitPercent) : "");
  };
  account.subscribe(show, signal);
  market.subscribe({ onQuotes: show }, signal);
  return h("dl", { class: "figures", id: "accountFigures" }, ...Object.values(cells).map((c) => c.element));
}

/** @param {string} name */
function cell(name) {
  const value = h("span", { class: "figure-value", text: "–" });
  const word = h("span", { class: "visually-hidden" });
  const note = h("span", { class: "figure-note" });
  const element = h("div", { class: "figure" }, h("dt", { text: name }), h("dd", {}, value, " ", word, note));
  return { element, value, word, note };
}

/** @param {ReturnType<typeof cell>} target @param {number} amount @param {string} text */
function tone(target, amount, text) {
  const way = direction(amount);
  setText(target.value, text);
  setText(target.word, Number.isFinite(amount) ? directionWord(way) : "");
  target.value.classList.toggle("is-up", way === "up");
  target.value.classList.toggle("is-down", way === "down");
}
