// @ts-check
// S1's copy of the holdings in this browser: `portfolio` = { symbol: quantity }. The server's ledger
// is the truth; this is shown only while the server cannot be reached.

import { readJSON, writeJSON } from "./storage.js";

const KEY = "portfolio";

/** @returns {Record<string, number>} */
export function mirroredHoldings() {
  const kept = readJSON("local", KEY);
  if (kept === null || typeof kept !== "object" || Array.isArray(kept)) return {};
  return Object.fromEntries(
    Object.entries(kept).filter(([, q]) => Number.isSafeInteger(q) && Number(q) > 0)
      .map(([symbol, q]) => [symbol, Number(q)]));
}

/** @param {{ symbol: string, quantity: number }[]} positions */
export function mirror(positions) {
  writeJSON("local", KEY, Object.fromEntries(
    positions.filter((p) => p.quantity > 0).map((p) => [p.symbol, p.quantity])));
}

/** After a sign-out nothing of the account stays in the browser. */
export function clearMirror() {
  writeJSON("local", KEY, null);
}
