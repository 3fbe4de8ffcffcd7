// @ts-check
// What positions are worth at the latest prices, for display between two answers of the server.
// Counted in whole cents, so that the page shows what the server will say.

/** @typedef {import("./account.js").Portfolio} Portfolio @typedef {import("./account.js").Position} Position
 * @typedef {import("./quotes.js").Quote} Quote */

/** Whole cents, rounded half to even as the server does. @param {number} price @param {number} quantity */
export function valueAt(price, quantity) {
  const units = Math.round(price * 10_000);
  if (!Number.isSafeInteger(units) || !Number.isSafeInteger(quantity)) return Number.NaN;
  const exact = BigInt(units) * BigInt(quantity);
  const cents = exact / 100n;
  const rest = exact % 100n;
  return Number(rest > 50n || (rest === 50n && cents % 2n === 1n) ? cents + 1n : cents) / 100;
}

/** A position at what it would bring, which is the bid: one rule, here and at the server.
 * @param {Position} position @param {Quote | undefined} quote */
export function markedPosition(position, quote) {
  if (!quote || !Number.isFinite(quote.bid)) return position;
  const marketValue = valueAt(quote.bid, position.quantity);
  const known = Number.isFinite(position.cost);
  const profit = known ? marketValue - position.cost : Number.NaN;
  return {
    ...position, marketValue, unrealisedProfit: profit,
    unrealisedPercent: known && position.cost !== 0 ? (profit / position.cost) * 100 : Number.NaN,
    // The server knows which shares were bought today; the market's moves since then are added.
    dayChange: position.dayChange + marketValue - position.marketValue,
  };
}

/** @param {Portfolio} folio @param {Map<string, Quote>} quotes */
export function markedEquity(folio, quotes) {
  let moved = 0;
  for (const position of folio.positions) {
    const marked = markedPosition(position, quotes.get(position.symbol));
    moved += marked.marketValue - position.marketValue;
  }
  const equity = folio.equity + moved;
  const profit = folio.profit + moved;
  const start = folio.equity - folio.profit;
  const dayChange = folio.dayChange + moved;
  return { equity, dayChange, profit, profitPercent: start ? (profit / start) * 100 : Number.NaN };
}
