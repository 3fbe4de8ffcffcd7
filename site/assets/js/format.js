// @ts-check
// How numbers and times are written; values come from the API and are only formatted, never computed with.

const money = new Intl.NumberFormat("en-US", {
  style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 2,
});
const price4 = new Intl.NumberFormat("en-US", {
  style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 4,
});
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});
const moment = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
});

const shortMoment = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false,
});

/** A number from a number or a text; NaN when it is neither. @param {unknown} value */
export function number(value) {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return Number.NaN;
  return Number(value);
}

/** @param {unknown} value @param {string} [absent] */
function written(value, /** @type {(n: number) => string} */ write, absent = "–") {
  const n = number(value);
  return Number.isFinite(n) ? write(n).replace("-", "−") : absent;
}

/** `$1,234.50` @param {unknown} value */
export const dollars = (value) => written(value, (n) => money.format(n));
/** `$0.1234` below a dollar @param {unknown} value */
export const price = (value) => written(value, (n) => (n < 1 ? price4 : money).format(n));
/** `1,234` @param {unknown} value */
export const count = (value) => written(value, (n) => whole.format(n));
/** `1.2M` @param {unknown} value */
export const compact = (value) => written(value, (n) => short.format(n));

/** Two decimals without a minus or plus before zero. @param {number} n */
const hundredths = (n) => (Math.abs(n) < 0.005 ? 0 : n);

/** `+$1.20` @param {unknown} value */
export const signedDollars = (value) =>
  written(value, (n) => `${hundredths(n) > 0 ? "+" : ""}${money.format(hundredths(n))}`);
/** `+0.80 %` @param {unknown} value */
export const signedPercent = (value) =>
  written(value, (n) => `${hundredths(n) > 0 ? "+" : ""}${hundredths(n).toFixed(2)} %`);

/** @param {unknown} value @returns {"up" | "down" | "flat"} */
export function direction(value) {
  const n = number(value);
  return n > 0 ? "up" : n < 0 ? "down" : "flat";
}

/** @param {"up" | "down" | "flat"} way */
export const directionWord = (way) => (way === "flat" ? "unchanged" : way);
/** @param {"up" | "down" | "flat"} way */
export const directionMark = (way) => ({ up: "▲", down: "▼", flat: "■" })[way];

/**
 * A date from ISO text, epoch seconds or milliseconds; null when it is none.
 * @param {unknown} value
 */
export function date(value) {
  const made =
    typeof value === "number" ? new Date(value < 1e11 ? value * 1000 : value) : new Date(String(value));
  return Number.isNaN(made.getTime()) ? null : made;
}

/** `14:03:22` @param {unknown} value */
export const clockTime = (value) => {
  const made = date(value);
  return made ? clock.format(made) : "–";
};
/** `21 Nov 2026, 14:03` @param {unknown} value */
export const dateTime = (value) => {
  const made = date(value);
  return made ? moment.format(made) : "–";
};

/** `21 Nov, 14:03` @param {unknown} value */
export const shortDateTime = (value) => {
  const made = date(value);
  return made ? shortMoment.format(made) : "–";
};

/** `3 shares` @param {number} n */
export const shares = (n) => `${whole.format(n)} ${n === 1 ? "share" : "shares"}`;
