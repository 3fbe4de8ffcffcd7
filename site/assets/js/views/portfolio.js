// @ts-check
// The portfolio in detail: value over time, and each position with its cost and profit.

import { api, ApiError } from "../api.js";
import { Chart } from "../chart.js";
import { h, replace, setText } from "../dom.js";
import { figures } from "../figures.js";
import {
  count, date, dateTime, direction, dollars, number, price, signedDollars, signedPercent,
} from "../format.js";
import { numbersBehind, table } from "../table.js";
import { empty, link, panel, stockLink } from "../ui.js";
import { markedPosition } from "../valuation.js";

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, account, market, signal } = context;
  const holder = h("div", { id: "positions" });
  const realised = h("p", { class: "hint" });
  replace(
    root,
    h("h1", { text: "Portfolio" }),
    figures(context),
    equitySection(context),
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
    if (positions.length > 0) replace(holder, positionsTable(positions));
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

/** @param {import("../account.js").Position[]} positions */
function positionsTable(positions) {
  return table("Your positions", [
    { name: "Stock", cell: (p) => stockLink(p.symbol) },
    { name: "Shares", cell: (p) => count(p.quantity), number: true },
    { name: "Average cost", cell: (p) => price(p.averageCost), number: true },
    { name: "Value", cell: (p) => dollars(p.marketValue), number: true },
    { name: "Today", cell: (p) => signedDollars(p.dayChange), number: true, tone: (p) => direction(p.dayChange) },
    {
      name: "Unrealised", number: true, tone: (p) => direction(p.unrealisedProfit),
      cell: (p) => `${signedDollars(p.unrealisedProfit)} (${signedPercent(p.unrealisedPercent)})`,
    },
  ], positions).element;
}

/** @param {import("../app.js").Context} context */
function equitySection({ signal }) {
  const chart = new Chart({ label: "Account value", write: dollars, kind: "line", height: 260, signal });
  /** @type {import("../history.js").Bar[]} */ let bars = [];
  const numbers = numbersBehind(() => table("Account value over time", [
    { name: "Time", cell: (b) => dateTime(b.time.getTime()) },
    { name: "Value", cell: (b) => dollars(b.close), number: true },
  ], bars.slice(-200).reverse()).element);
  const note = empty("The line begins with your first trades.");
  note.hidden = true;
  const section = panel("equityTitle", "Value over time", chart.element, numbers, note);
  const say = (/** @type {string} */ text) => {
    if (text) setText(note, text);
    note.hidden = false;
    chart.element.hidden = true;
    numbers.hidden = true;
  };
  api("/portfolio/history", { signal }).then((answer) => {
    bars = readSeries(answer);
    if (bars.length > 1) chart.setBars(bars);
    else say("");
    numbers.refresh();
  }).catch((error) => {
    if (signal.aborted) return;
    say(error instanceof ApiError ? `No history: ${error.message}` : "The history could not be read.");
  });
  return section;
}

/** Columns of equal length, as Alpaca's portfolio history has them. @param {any} answer */
function readSeries(answer) {
  const times = Array.isArray(answer?.timestamp) ? answer.timestamp : [];
  const values = Array.isArray(answer?.equity) ? answer.equity : [];
  return times.flatMap((/** @type {unknown} */ t, /** @type {number} */ i) => {
    const time = date(t);
    const value = number(values[i]);
    return time && Number.isFinite(value)
      ? [{ time, open: value, high: value, low: value, close: value, volume: 0 }] : [];
  });
}
