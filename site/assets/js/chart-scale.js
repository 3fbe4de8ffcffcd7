// @ts-check
// Round numbers and round times for an axis, and words for points in time; no drawing.

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
const second = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short" });
const year = new Intl.DateTimeFormat("en-GB", { year: "numeric" });
const full = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
});
const fullDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** The day of the week that 1 January 1970 was, counted from Monday. */
const THURSDAY = 3;

/** Steps of a time axis within a day, in milliseconds, and above it in days and months. */
const WITHIN_DAY = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((m) => m * MINUTE);
const DAYS = [1, 2, 7, 14];
const MONTHS = [1, 2, 3, 6, 12];

/** Milliseconds as the local clock shows them, so that its hours and days are whole. @param {Date} d */
const local = (d) => d.getTime() - d.getTimezoneOffset() * MINUTE;

/** @typedef {{ index: number, text: string, isMajor: boolean }} TimeTick */

/**
 * The bars at which a round time begins: a full hour, a day, a Monday, a month.
 * @param {Bar[]} bars oldest first @param {number} most @returns {TimeTick[]}
 */
export function timeTicks(bars, most) {
  const first = bars[0];
  const last = bars.at(-1);
  if (!first || !last || first === last) return first ? [{ index: 0, text: hour.format(first.time), isMajor: false }] : [];
  const span = last.time.getTime() - first.time.getTime();
  const { period, write } = rhythm(span / Math.max(1, most), span);
  /** @type {TimeTick[]} */ const found = [];
  bars.forEach((bar, index) => {
    const before = bars[index - 1];
    if (!before || period(before.time) === period(bar.time)) return;
    found.push({ index, ...write(bar.time, before.time) });
  });
  if (found.length > 0) return found;
  return [{ index: 0, text: (span < DAY ? (span < 10 * MINUTE ? second : hour) : day).format(first.time), isMajor: false }];
}

/**
 * @param {number} least milliseconds between two ticks @param {number} span
 * @returns {{ period: (d: Date) => number, write: (d: Date, before: Date) => Omit<TimeTick, "index"> }}
 */
function rhythm(least, span) {
  const dayOf = (/** @type {Date} */ d) => Math.floor(local(d) / DAY);
  const monthOf = (/** @type {Date} */ d) => d.getFullYear() * 12 + d.getMonth();
  const within = WITHIN_DAY.find((step) => step >= least);
  if (within && span <= 3 * DAY) {
    return {
      period: (d) => Math.floor(local(d) / within),
      write: (d, before) => {
        const isMajor = dayOf(d) !== dayOf(before);
        // The bar may begin a little after the round time that it stands for.
        const round = new Date(d.getTime() - (local(d) % within));
        return { text: isMajor ? day.format(d) : hour.format(round), isMajor };
      },
    };
  }
  const days = DAYS.find((step) => step * DAY >= least);
  if (days) {
    return {
      period: (d) => Math.floor((dayOf(d) + THURSDAY) / days),
      write: (d) => ({ text: day.format(d), isMajor: false }),
    };
  }
  const months = MONTHS.find((step) => step * 30 * DAY >= least) ?? 12;
  return {
    period: (d) => Math.floor(monthOf(d) / months),
    write: (d, before) => {
      const isMajor = d.getFullYear() !== before.getFullYear();
      return { text: isMajor ? year.format(d) : month.format(d), isMajor };
    },
  };
}

/** How a single point is written. @param {number} span */
export function pointTime(span) {
  return (/** @type {Date} */ d) => (span <= 40 * DAY ? full : fullDay).format(d);
}

/** The same where there is little room. @param {number} span */
export function shortTime(span) {
  return (/** @type {Date} */ d) =>
    span <= 2 * DAY ? hour.format(d) : span <= 40 * DAY ? `${day.format(d)}, ${hour.format(d)}` : fullDay.format(d);
}
