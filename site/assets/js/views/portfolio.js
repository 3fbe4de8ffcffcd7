// @ts-check
// The portfolio in detail: value over time, and each position with its cost and profit.

import { allocation, parts } from "../allocation.js";
import { h, replace, setText } from "../dom.js";
import { equitySection } from "../equity.js";
import { figures } from "../figures.js";
import { count, direction, dollars, price, signedDollars, signedPercent } from "../format.js";
import { table } from "../table.js";
import { empty, link, panel, stockLink } from "../ui.js";
import { markedPosition } from "../valuation.js";

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, account, market, signal } = context;
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
    setText(realised, folio.offline
      ? "The service cannot be reached: this is the copy that this browser remembers."
      : `Realised by past sales: ${signedDollars(folio.realisedProfit)}`);
    const positions = folio.positions.map((p) => markedPosition(p, market.quotes.get(p.symbol)));
    const shares = parts(positions, folio.cash);
    if (shares.length > 0) replace(spread, allocation(shares));
    else replace(spread, empty("The values are not known while the service cannot be reached."));
    if (positions.length > 0) replace(holder, positionsTable(positions, market));
    else replace(holder, empty("You hold no shares. ", link("/app/", "Buy some on the desk")));
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
  await account.load();
  return "Portfolio";
}

/** @param {import("../account.js").Position[]} positions @param {import("../market.js").Market} market */
function positionsTable(positions, market) {
  return table("Your positions", [
    { name: "Stock", cell: (p) => stockLink(p.symbol) },
    { name: "Shares", cell: (p) => count(p.quantity), number: true },
    { name: "Average cost", cell: (p) => price(p.averageCost), number: true },
    { name: "Price", cell: (p) => price(market.quotes.get(p.symbol)?.price), number: true },
    { name: "Value", cell: (p) => dollars(p.marketValue), number: true },
    { name: "Today", cell: (p) => signedDollars(p.dayChange), number: true, tone: (p) => direction(p.dayChange) },
    {
      name: "Unrealised", number: true, tone: (p) => direction(p.unrealisedProfit),
      cell: (p) => `${signedDollars(p.unrealisedProfit)} (${signedPercent(p.unrealisedPercent)})`,
    },
  ], positions).element;
}

