// @ts-check
// The account's value over time, with the present value as its last point.

import { api, ApiError } from "./api.js";
import { Chart } from "./chart.js";
import { h, setText } from "./dom.js";
import { date, dateTime, dollars, number } from "./format.js";
import { segmented } from "./segmented.js";
import { numbersBehind, table } from "./table.js";
import { panel } from "./ui.js";
import { markedEquity } from "./valuation.js";

/** @typedef {import("./history.js").Bar} Bar */

const PERIODS = [["1D", "1D", "1 day"], ["1W", "1W", "1 week"], ["1M", "1M", "1 month"]];

/** @param {import("./app.js").Context} context */
export function equitySection({ account, market, signal }) {
  const chart = new Chart({ label: "Account value", write: dollars, kind: "line", height: 260, leastSpan: 0.004, signal });
  const problem = h("p", { class: "notice", role: "status", hidden: true });
  /** @type {Bar[]} */ let bars = [];
  const numbers = numbersBehind(() => table("Account value over time", [
    { name: "Time", cell: (b) => dateTime(b.time.getTime()) },
    { name: "Value", cell: (b) => dollars(b.close), number: true },
  ], bars.slice(-200).reverse()).element);
  let request = 0;
  const load = async (/** @type {string} */ period) => {
    const mine = (request += 1);
    try {
      const loaded = readSeries(await api(`/portfolio/history?period=${period}`, { signal }));
      if (mine !== request || signal.aborted) return;
      bars = withPresent(loaded, present());
      problem.hidden = true;
    } catch (error) {
      if (signal.aborted) return;
      bars = [];
      problem.hidden = false;
      setText(problem, error instanceof ApiError ? `No history: ${error.message}` : "The history could not be read.");
    }
    chart.element.hidden = !problem.hidden;
    numbers.hidden = !problem.hidden;
    const folio = account.portfolio;
    chart.setBaseline(folio ? folio.equity - folio.profit : Number.NaN, "At the start");
    chart.setBars(bars);
    numbers.refresh();
  };
  const present = () => {
    const folio = account.portfolio;
    return folio && !folio.offline ? markedEquity(folio, market.quotes).equity : Number.NaN;
  };
  const follow = () => {
    const value = present();
    if (!Number.isFinite(value) || bars.length === 0) return;
    // The account may have come after its history.
    if (bars.length === 1) {
      bars = withPresent(bars, value);
      chart.setBars(bars);
    } else chart.follow(value);
  };
  account.subscribe(follow, signal);
  market.subscribe({ onQuotes: follow }, signal);
  void load("1D");
  const made = panel("equityTitle", "Value over time", problem, chart.element, numbers);
  made.prepend(h("div", { class: "chart-bar" },
    made.querySelector("h2"), segmented("Period", PERIODS, "1D", (period) => void load(period))));
  return made;
}

/** @param {Bar[]} bars @param {number} value @returns {Bar[]} */
function withPresent(bars, value) {
  if (!Number.isFinite(value) || bars.length === 0) return bars;
  return [...bars, point(new Date(), value)];
}

/** @param {Date} time @param {number} value @returns {Bar} */
const point = (time, value) => ({ time, open: value, high: value, low: value, close: value, volume: 0 });

/** Columns of equal length, as Alpaca's portfolio history has them. @param {any} answer @returns {Bar[]} */
function readSeries(answer) {
  const times = Array.isArray(answer?.timestamp) ? answer.timestamp : [];
  const values = Array.isArray(answer?.equity) ? answer.equity : [];
  return times.flatMap((/** @type {unknown} */ t, /** @type {number} */ i) => {
    const time = date(t);
    const value = number(values[i]);
    return time && Number.isFinite(value) ? [point(time, value)] : [];
  });
}
