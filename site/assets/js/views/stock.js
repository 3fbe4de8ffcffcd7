// @ts-check
// One stock: its price now, its past as a chart, what the company is, and the ticket.

import { api, ApiError } from "../api.js";
import { Chart } from "../chart.js";
import { h, replace, setText } from "../dom.js";
import { loadFavorites, star } from "../favorites.js";
import {
  clockTime, compact, count, dateTime, direction, directionMark, directionWord, price, signedDollars,
  signedPercent,
} from "../format.js";
import { loadHistory, RANGES } from "../history.js";
import { newsAbout } from "../news.js";
import { readStock } from "../quotes.js";
import { segmented } from "../segmented.js";
import { numbersBehind, table } from "../table.js";
import { ticket } from "../ticket.js";
import { link, pairs, panel } from "../ui.js";

const RELOAD_MS = 300_000;

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, market, account, params, signal } = context;
  const symbol = (params.symbol ?? "").toUpperCase();
  const stock = await api(`/stocks/${encodeURIComponent(symbol)}`, { signal });
  if (signal.aborted) return symbol;
  const name = String(stock?.name ?? stock?.companyName ?? symbol);
  const head = heading(symbol, name);
  const section = chartSection(context, symbol);
  replace(
    root,
    h("p", { class: "kicker" }, link("/app/", "Trading desk")),
    head.element,
    h("div", { class: "stock-grid" },
      section.element, ticket(context, symbol), about(stock), newsAbout(symbol)));
  const first = readStock(stock);
  if (first) head.show(first);
  market.want([symbol]);
  market.subscribe({
    onQuotes: (quotes) => {
      const quote = quotes.find((q) => q.symbol === symbol);
      if (!quote) return;
      head.show(quote);
      section.follow(quote.price);
    },
  }, signal);
  void account.load().catch(() => null);
  void loadFavorites().then((all) => head.star.show(all.has(symbol))).catch(() => null);
  return `${symbol}, ${name}`;
}

/** @param {string} symbol @param {string} name */
function heading(symbol, name) {
  const value = h("p", { class: "big-price num" });
  const change = h("p", { class: "stock-change" });
  const time = h("p", { class: "hint" });
  const made = star(symbol, () => name);
  const element = h("div", { class: "stock-title" },
    h("div", {},
      h("div", { class: "stock-title-row" },
        h("h1", {}, symbol, h("span", { class: "visually-hidden", text: `, ${name}` })), made),
      // The heading says it to readers already.
      h("p", { class: "stock-title-name", "aria-hidden": "true", text: name })),
    h("div", { class: "stock-now" }, value, change, time));
  return {
    element, star: made,
    show: (/** @type {import("../quotes.js").Quote} */ quote) => {
      const way = direction(quote.changePercent);
      setText(value, price(quote.price));
      const amounts = `${signedDollars(quote.changeAbs)} · ${signedPercent(quote.changePercent)}`;
      setText(change, `${directionMark(way)} ${directionWord(way)} ${amounts}`);
      change.dataset.direction = way;
      const age = quote.stale ? ", an old quote" : "";
      const source = quote.source ? ` · source ${quote.source}` : "";
      setText(time, `Updated ${clockTime(quote.asOf)}${age}${source}`);
    },
  };
}

/** @param {import("../app.js").Context} context @param {string} symbol */
function chartSection({ signal }, symbol) {
  const chart = new Chart({ label: `Price of ${symbol}`, write: price, kind: "candles", volume: true, signal });
  const problem = h("p", { class: "notice", role: "status", hidden: true });
  /** @type {import("../history.js").Bar[]} */ let bars = [];
  const numbers = numbersBehind(() => table(`Prices of ${symbol}`, [
    { name: "Time", cell: (b) => dateTime(b.time.getTime()) },
    { name: "Open", cell: (b) => price(b.open), number: true },
    { name: "High", cell: (b) => price(b.high), number: true },
    { name: "Low", cell: (b) => price(b.low), number: true },
    { name: "Close", cell: (b) => price(b.close), number: true },
    { name: "Volume", cell: (b) => count(b.volume), number: true },
  ], bars.slice(-200).reverse()).element);
  let request = 0;
  let chosen = "1d";
  const load = async (/** @type {string} */ range) => {
    const mine = (request += 1);
    chosen = range;
    try {
      const loaded = await loadHistory(symbol, range, signal);
      if (mine !== request || signal.aborted) return;
      bars = loaded;
      problem.hidden = true;
    } catch (error) {
      if (signal.aborted) return;
      bars = [];
      problem.hidden = false;
      setText(problem,
        error instanceof ApiError ? `No history: ${error.message}` : "The history could not be read.");
    }
    chart.setBars(bars);
    numbers.refresh();
  };
  // New bars begin while the page is open.
  const timer = window.setInterval(() => {
    if (!document.hidden && chosen === "1d") void load(chosen);
  }, RELOAD_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  const element = h("section", { class: "panel stock-chart", "aria-label": "Price history" },
    h("div", { class: "chart-bar" },
      segmented("Range", RANGES, "1d", (range) => void load(range)),
      segmented("Kind", [["candles", "Candles"], ["line", "Line"]], "candles",
        (kind) => chart.setKind(/** @type {"candles" | "line"} */ (kind)))),
    problem, chart.element, numbers);
  void load("1d");
  return { element, follow: (/** @type {number} */ value) => chart.follow(value) };
}

/** @param {any} stock */
function about(stock) {
  /** @type {[string, any][]} */
  const rows = [
    ["Industry", stock?.industry], ["Price to earnings", stock?.pe],
    ["Market value", stock?.marketCap && `$${compact(stock.marketCap)}`], ["Bid", stock?.bid && price(stock.bid)],
    ["Ask", stock?.ask && price(stock.ask)], ["Previous close", stock?.previousClose && price(stock.previousClose)],
    ["Volume", stock?.volume && count(stock.volume)],
  ];
  const known = rows.filter(([, value]) => ![undefined, null, "", "–"].includes(value));
  return panel("aboutTitle", "About",
    stock?.description ? h("p", { text: String(stock.description) }) : null,
    pairs(known.map(([name, value]) => [name, String(value)]), true));
}
