// @ts-check
// What is held of one stock, beside its ticket; absent while nothing is.

import { h, replace } from "./dom.js";
import { count, dollars, price } from "./format.js";
import { money, percent } from "./tone.js";
import { panel } from "./ui.js";
import { markedPosition } from "./valuation.js";

/** @param {import("./app.js").Context} context @param {string} symbol */
export function positionPanel({ account, market, signal }, symbol) {
  const rows = h("dl", { class: "pairs" });
  const element = panel("positionTitle", "Your position", rows);
  element.hidden = true;
  const show = () => {
    const found = account.portfolio?.positions.find((p) => p.symbol === symbol);
    element.hidden = !found || account.portfolio?.offline === true;
    if (!found || element.hidden) return;
    const now = markedPosition(found, market.quotes.get(symbol));
    const reserved = found.quantity - found.available;
    /** @type {[string, Node | string][]} */
    const all = [
      ["Shares", reserved > 0 ? `${count(found.quantity)}, ${count(reserved)} in open orders` : count(found.quantity)],
      ["Average cost", price(now.averageCost)], ["Value now", dollars(now.marketValue)],
      ["Unrealised", h("span", {}, money(now.unrealisedProfit), " ", percent(now.unrealisedPercent, now.unrealisedProfit))],
      ["Today", money(now.dayChange)],
    ];
    replace(rows, all.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { class: "num" }, value))));
  };
  account.subscribe(show, signal);
  market.subscribe({ onQuotes: (quotes) => { if (quotes.some((q) => q.symbol === symbol)) show(); } }, signal);
  return element;
}
