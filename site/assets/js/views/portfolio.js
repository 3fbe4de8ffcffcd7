// @ts-check
// The portfolio in detail: value over time, what it is made of, and each position with its cost and profit.

import { allocation, parts } from "../allocation.js";
import { h, replace } from "../dom.js";
import { equitySection } from "../equity.js";
import { figures } from "../figures.js";
import { count, dateTime, dollars, price } from "../format.js";
import { table } from "../table.js";
import { money, percent, wayOf } from "../tone.js";
import { empty, emptyState, link, panel, stockLink } from "../ui.js";
import { markedPosition } from "../valuation.js";

/** @typedef {import("../account.js").Position} Position */

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, account, market, signal } = context;
  // Everything is drawn at once, so that nothing moves when the account comes.
  await account.load();
  if (signal.aborted) return "Portfolio";
  const holder = h("div", { id: "positions" });
  const realised = h("p", { class: "hint" });
  const spread = h("div", { id: "allocation" });
  replace(
    root,
    h("h1", { text: "Portfolio" }),
    figures(context),
    equitySection(context),
    panel("spreadTitle", "What it is made of", spread),
    h("section", { "aria-labelledby": "positionsTitle" },
      h("h2", { id: "positionsTitle", text: "Positions" }), holder, realised));
  let shown = 0;
  const show = () => {
    const folio = account.portfolio;
    if (!folio) return;
    replace(realised, ...(folio.offline
      ? ["The service cannot be reached: this is the copy that this browser remembers."]
      : ["Realised by past sales: ", money(folio.realisedProfit), ". Values are at the bid, which is what a share would bring now."]));
    const positions = folio.positions.map((p) => markedPosition(p, market.quotes.get(p.symbol)));
    const shares = parts(positions, folio.cash);
    if (shares.length > 0) replace(spread, allocation(shares));
    else replace(spread, empty("The values are not known while the service cannot be reached."));
    if (positions.length > 0) replace(holder, positionsTable(positions, market, folio.cash));
    else replace(holder, emptyState("You hold no shares yet",
      "Each stock that you buy is listed here with its cost, its value and its profit.",
      link("/app/", "Buy some on the desk")));
  };
  account.subscribe(show, signal);
  market.subscribe({
    onQuotes: () => {
      // A table need not be rebuilt for every tick, nor under somebody's focus.
      if (Date.now() - shown < 1000 || holder.contains(document.activeElement)) return;
      shown = Date.now();
      show();
    },
  }, signal);
  return "Portfolio";
}

/** @param {Position[]} positions @param {import("../market.js").Market} market @param {number} cash */
function positionsTable(positions, market, cash) {
  const sum = (/** @type {(p: Position) => number} */ of) => positions.reduce((total, p) => total + of(p), 0);
  const value = sum((p) => p.marketValue);
  const isKnown = Number.isFinite(value);
  const share = (/** @type {number} */ part) => {
    const whole = value + cash;
    return whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : "–";
  };
  const cost = sum((p) => p.cost);
  const profit = sum((p) => p.unrealisedProfit);
  const made = table("Your positions", [
    { name: "Stock", cell: (p) => stockLink(p.symbol) },
    { name: "Shares", cell: (p) => count(p.quantity), number: true },
    { name: "Average cost", cell: (p) => price(p.averageCost), number: true },
    { name: "Price", cell: (p) => lastPrice(p, market.quotes.get(p.symbol)), number: true },
    { name: "Value", cell: (p) => dollars(p.marketValue), number: true },
    { name: "Of the account", cell: (p) => share(p.marketValue), number: true },
    { name: "Today", cell: (p) => money(p.dayChange), number: true },
    { name: "Unrealised", number: true, cell: (p) => gain(p.unrealisedProfit, p.unrealisedPercent) },
  ], positions);
  if (isKnown && positions.length > 1) {
    made.foot(["All positions", null, null, null, dollars(value), share(value), money(sum((p) => p.dayChange)),
      gain(profit, cost > 0 ? (profit / cost) * 100 : Number.NaN)]);
  }
  return made.element;
}

/** An old price has its time with it.
 * @param {Position} position @param {import("../quotes.js").Quote | undefined} quote */
function lastPrice(position, quote) {
  const isNewer = quote && (!position.asOf || quote.asOf > position.asOf);
  const text = price(quote?.price ?? position.price);
  const time = isNewer ? quote.asOf : position.asOf;
  if (!time || !(isNewer ? quote.stale : position.stale)) return text;
  return h("span", {}, text, " ", h("span", { class: "hint", text: `old, ${dateTime(time.getTime())}` }));
}

/** @param {number} profit @param {number} relative */
function gain(profit, relative) {
  if (!Number.isFinite(profit)) return "–";
  return h("span", { data: { way: wayOf(profit) } }, money(profit), " ",
    Number.isFinite(relative) ? percent(relative, profit) : null);
}
