// @ts-check
// Round numbers for an axis, and words for points in time; no drawing.

/**
 * Round values that cover a range.
 * @param {number} low @param {number} high @param {number} about
 */
export function ticks(low, high, about) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const values = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i += 1) values.push(i * step);
  return values;
}

/** @typedef {import("./history.js").Bar} Bar */

/** How many bars may become one candle; days and hours stay whole with these. */
const STEPS = [1, 2, 3, 4, 6, 8, 12, 24, 48];

/**
 * Joins neighbours until at most so many bars are left, so that a candle stays wide enough to read.
 * @param {Bar[]} bars oldest first @param {number} most @returns {Bar[]}
 */
export function joined(bars, most) {
  const step = STEPS.find((s) => bars.length / s <= most) ?? Math.ceil(bars.length / Math.max(1, most));
  if (step === 1) return bars;
  /** @type {Bar[]} */ const result = [];
  // Counted from the newest, so that the last candle is a full one.
  for (let end = bars.length; end > 0; end -= step) {
    const part = bars.slice(Math.max(0, end - step), end);
    const first = part[0];
    const last = part.at(-1);
    if (!first || !last) continue;
    result.push({
      time: first.time, open: first.open, close: last.close,
      high: Math.max(...part.map((b) => b.high)), low: Math.min(...part.map((b) => b.low)),
      volume: part.reduce((sum, b) => sum + b.volume, 0),
    });
  }
  return result.reverse();
}

const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
});
const fullDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

const DAY = 86_400_000;

/**
 * How a point on the axis is written when the axis covers so many milliseconds.
 * @param {number} span
 */
export function axisTime(span) {
  if (span <= 2 * DAY) return (/** @type {Date} */ d) => hour.format(d);
  if (span <= 150 * DAY) return (/** @type {Date} */ d) => day.format(d);
  return (/** @type {Date} */ d) => month.format(d);
}

/** How a single point is written. @param {number} span */
export function pointTime(span) {
  return (/** @type {Date} */ d) => (span <= 40 * DAY ? full : fullDay).format(d);
}
