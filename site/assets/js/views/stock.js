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
import { positionPanel } from "../position-panel.js";
import { readStock } from "../quotes.js";
import { rangeBar } from "../range-bar.js";
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
  const first = readStock(stock);
  const range = rangeBar("Last 24 hours");
  const section = chartSection(context, symbol, first, range);
  replace(
    root,
    h("p", { class: "kicker" }, link("/app/", "Desk"), h("span", { "aria-hidden": "true", text: " / " }), "Stocks"),
    head.element,
    h("div", { class: "stock-grid" },
      h("div", { class: "stock-main" }, section.element),
      h("div", { class: "stock-side" }, ticket(context, symbol), positionPanel(context, symbol)),
      h("div", { class: "stock-more" }, about(stock, range.element), newsAbout(symbol))));
  if (first) head.show(first);
  market.want([symbol]);
  market.subscribe({
    onQuotes: (quotes) => {
      const quote = quotes.find((q) => q.symbol === symbol);
      if (!quote) return;
      head.show(quote);
      section.follow(quote);
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
  let last = Number.NaN;
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
      if (Number.isFinite(last) && last !== quote.price) flash(value, direction(quote.price - last));
      last = quote.price;
      const amounts = `${signedDollars(quote.changeAbs)} · ${signedPercent(quote.changePercent)}`;
      setText(change, `${directionMark(way)} ${directionWord(way)} ${amounts}`);
      change.dataset.direction = way;
      const age = quote.stale ? ", an old quote" : "";
      const source = quote.source === "sim" ? " · simulated price" : quote.source ? ` · source ${quote.source}` : "";
      setText(time, `Updated ${clockTime(quote.asOf)}${age}${source}`);
    },
  };
}

/** A moment's colour, begun anew with each move. @param {HTMLElement} element @param {string} way */
function flash(element, way) {
  delete element.dataset.tick;
  requestAnimationFrame(() => { element.dataset.tick = way; });
}

/**
 * @param {import("../app.js").Context} context @param {string} symbol
 * @param {import("../quotes.js").Quote | null} first @param {ReturnType<typeof rangeBar>} range
 */
function chartSection({ signal }, symbol, first, range) {
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
  let latest = first?.price ?? Number.NaN;
  const load = async (/** @type {string} */ wanted) => {
    const mine = (request += 1);
    chosen = wanted;
    chart.element.setAttribute("aria-busy", "true");
    try {
      const loaded = await loadHistory(symbol, wanted, signal);
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
    chart.element.setAttribute("aria-busy", "false");
    chart.element.hidden = !problem.hidden;
    numbers.hidden = !problem.hidden;
    chart.setBaseline(wanted === "1d" ? first?.previousClose ?? Number.NaN : Number.NaN, "Previous close");
    chart.setBars(bars);
    if (wanted === "1d") range.setBars(bars, latest);
    numbers.refresh();
  };
  // New bars begin while the page is open.
  const timer = window.setInterval(() => {
    if (!document.hidden && chosen === "1d") void load(chosen);
  }, RELOAD_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  const element = h("section", { class: "panel stock-chart", "aria-label": "Price history" },
    h("div", { class: "chart-bar" },
      segmented("Range", RANGES, "1d", (wanted) => void load(wanted)),
      segmented("Kind", [["candles", "Candles"], ["line", "Line"]], "candles",
        (kind) => chart.setKind(/** @type {"candles" | "line"} */ (kind)))),
    problem, chart.element, numbers);
  void load("1d");
  return {
    element,
    follow: (/** @type {import("../quotes.js").Quote} */ quote) => {
      latest = quote.price;
      chart.follow(quote.price);
      range.show(quote.price);
    },
  };
}

/** @param {any} stock @param {Node} range */
function about(stock, range) {
  /** @type {[string, any][]} */
  const rows = [
    ["Industry", stock?.industry], ["Price to earnings", stock?.pe],
    ["Market value", stock?.marketCap && `$${compact(stock.marketCap)}`],
    ["Bid and ask", stock?.bid && stock?.ask && `${price(stock.bid)} / ${price(stock.ask)}`], ["Previous close", stock?.previousClose && price(stock.previousClose)],
    ["Volume", stock?.volume && count(stock.volume)],
  ];
  const known = rows.filter(([, value]) => ![undefined, null, "", "–"].includes(value));
  return panel("aboutTitle", "About",
    stock?.description ? h("p", { text: String(stock.description) }) : null, range,
    pairs(known.map(([name, value]) => [name, String(value)]), true));
}
