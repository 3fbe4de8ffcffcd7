// @ts-check
// Past prices of one stock as bars.

import { api } from "./api.js";
import { date, number } from "./format.js";

/** @typedef {{ time: Date, open: number, high: number, low: number, close: number, volume: number }} Bar */

export const RANGES = [
  ["1d", "1D", "1 day"], ["5d", "5D", "5 days"], ["1m", "1M", "1 month"], ["3m", "3M", "3 months"],
  ["1y", "1Y", "1 year"],
];

/**
 * @param {string} symbol
 * @param {string} range @param {AbortSignal} [signal] @returns {Promise<Bar[]>}
 */
export async function loadHistory(symbol, range, signal) {
  const answer = await api(`/stocks/${encodeURIComponent(symbol)}/history?range=${range}`, { signal });
  const raw = answer?.bars ?? answer?.history ?? answer?.prices ?? answer;
  return Array.isArray(raw) ? raw.map(readBar).filter((bar) => bar !== null) : [];
}

/** @param {any} raw @returns {Bar | null} */
function readBar(raw) {
  const time = date(raw?.time ?? raw?.timestamp ?? raw?.date ?? raw?.t);
  const close = number(raw?.close ?? raw?.c ?? raw?.price);
  if (!time || !Number.isFinite(close)) return null;
  const or = (/** @type {unknown} */ value) => (Number.isFinite(number(value)) ? number(value) : close);
  const volume = number(raw.volume ?? raw.v);
  return {
    time, close, open: or(raw.open ?? raw.o), high: or(raw.high ?? raw.h), low: or(raw.low ?? raw.l),
    volume: Number.isFinite(volume) ? volume : 0,
  };
}
