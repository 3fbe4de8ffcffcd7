// @ts-check
// The signed-in person's cash and positions as the server tells them, and the trades that change them.

import { api, ApiError } from "./api.js";
import { date, number } from "./format.js";
import { mirror, mirroredHoldings } from "./mirror.js";

/**
 * @typedef {object} Position
 * @property {string} symbol @property {number} quantity @property {number} available
 * @property {number} averageCost @property {number} cost @property {number} marketValue
 * @property {number} unrealisedProfit @property {number} unrealisedPercent @property {number} dayChange
 * @property {number} [price] @property {Date | null} [asOf] when the price was one
 * @property {boolean} [stale] too old for an order
 * @typedef {object} Portfolio
 * @property {number} cash @property {number} available @property {number} holds @property {number} equity
 * @property {number} profit @property {number} profitPercent @property {number} realisedProfit
 * @property {number} dayChange @property {Position[]} positions @property {boolean} offline
 * @typedef {object} Ticket
 * @property {"buy" | "sell"} side @property {string} symbol @property {number} quantity
 * @property {number} [hint] the price shown to the person @property {"market" | "limit"} [type]
 * @property {string} [limitPrice]
 */

export const MOST_SHARES = 1_000_000;

export class Account {
  /** @type {Portfolio | null} */ portfolio = null;
  /** @type {Set<() => void>} */ #listeners = new Set();
  /** @type {Set<() => void>} */ #changes = new Set();
  #asked = 0;
  /** The last question of somebody who is signed out: its answer is nobody's. */
  #cleared = 0;

  /** @param {() => void} listener @param {AbortSignal} [signal] */
  subscribe(listener, signal) {
    if (signal?.aborted) return;
    this.#listeners.add(listener);
    signal?.addEventListener("abort", () => this.#listeners.delete(listener));
    if (this.portfolio) listener();
  }

  /** Calls a list that may have to be read again. @param {() => void} listener @param {AbortSignal} signal */
  onChange(listener, signal) {
    if (signal.aborted) return;
    this.#changes.add(listener);
    signal.addEventListener("abort", () => this.#changes.delete(listener));
  }

  /** Something happened to the account, here or elsewhere. */
  async refresh() {
    for (const listener of this.#changes) listener();
    await this.load().catch(() => null);
  }

  clear() {
    this.portfolio = null;
    this.#cleared = this.#asked;
  }

  /** Asks the server; while it cannot be reached, the browser's own copy is shown as such. */
  async load() {
    const mine = (this.#asked += 1);
    /** @type {Portfolio | null} */ let told = null;
    try {
      told = readPortfolio(await api("/portfolio"));
    } catch (error) {
      if (!(error instanceof ApiError) || (!error.isUnreachable && error.status < 500)) throw error;
    }
    if (mine <= this.#cleared) return this.portfolio;
    // A later question may have been answered before this one.
    if (told && mine !== this.#asked && this.portfolio) return this.portfolio;
    this.portfolio = told ?? offlinePortfolio();
    if (told) mirror(told.positions);
    for (const listener of this.#listeners) listener();
    return this.portfolio;
  }

  /** @param {string} symbol */
  held(symbol) {
    const position = this.portfolio?.positions.find((p) => p.symbol === symbol);
    return position?.available ?? position?.quantity ?? 0;
  }

  /** What speaks against a ticket before it is sent; the server decides again.
   * @param {Ticket} ticket @returns {string | null} */
  objection(ticket) {
    if (!ticket.symbol) return "Choose a stock.";
    if (!Number.isSafeInteger(ticket.quantity) || ticket.quantity < 1) {
      return "The number of shares is a whole number, at least 1.";
    }
    if (ticket.quantity > MOST_SHARES) return "At most 1,000,000 shares fit into one order.";
    if (ticket.side === "sell" && this.portfolio && !this.portfolio.offline) {
      const held = this.held(ticket.symbol);
      if (held === 0) return `You hold no shares of ${ticket.symbol} that could be sold.`;
      if (ticket.quantity > held) return `You can sell at most ${held} of ${ticket.symbol}.`;
    }
    if (ticket.type === "limit" && !(number(ticket.limitPrice) > 0)) return "A limit order needs a price.";
    return null;
  }

  /** Sends the order; a lost answer is asked for again under the same key, so nothing happens twice.
   * @param {Ticket} ticket @returns {Promise<any>} */
  async trade(ticket) {
    const isLimit = ticket.type === "limit";
    const path = isLimit ? "/trade" : `/${ticket.side}`;
    const body = {
      symbol: ticket.symbol, quantity: ticket.quantity, action: ticket.side,
      ...(isLimit ? { type: "limit", limit_price: ticket.limitPrice }
        : ticket.hint ? { stock_price: ticket.hint } : {}),
    };
    const idempotencyKey = crypto.randomUUID();
    const send = () => api(path, { method: "POST", body, idempotencyKey });
    let answer;
    try {
      answer = await send();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isUnreachable) throw error;
      answer = await send();
    }
    await this.load().catch(() => null);
    return answer;
  }
}

/** @param {any} raw @returns {Portfolio} */
function readPortfolio(raw) {
  const positions = Array.isArray(raw?.positions) ? raw.positions : [];
  return {
    cash: number(raw?.cash), available: number(raw?.available ?? raw?.cash), holds: number(raw?.holds ?? 0),
    equity: number(raw?.equity), profit: number(raw?.profit), profitPercent: number(raw?.profitPercent),
    realisedProfit: number(raw?.realisedProfit), dayChange: number(raw?.dayChange), offline: false,
    positions: positions.filter((/** @type {any} */ p) => number(p?.quantity) > 0).map(readPosition),
  };
}

/** @param {any} raw @returns {Position} */
function readPosition(raw) {
  return {
    symbol: String(raw.symbol), quantity: number(raw.quantity),
    available: number(raw.available ?? raw.quantity), averageCost: number(raw.averageCost),
    cost: number(raw.cost), marketValue: number(raw.marketValue),
    unrealisedProfit: number(raw.unrealisedProfit), unrealisedPercent: number(raw.unrealisedPercent),
    dayChange: number(raw.dayChange),
    price: number(raw.price), asOf: date(raw.asOf), stale: raw.stale === true,
  };
}

/** @returns {Portfolio} */
function offlinePortfolio() {
  const nothing = Number.NaN;
  return {
    cash: nothing, available: nothing, holds: 0, equity: nothing, profit: nothing, profitPercent: nothing,
    realisedProfit: nothing, dayChange: nothing, offline: true,
    positions: Object.entries(mirroredHoldings()).map(([symbol, quantity]) => ({
      symbol, quantity, available: quantity, averageCost: nothing, cost: nothing, marketValue: nothing,
      unrealisedProfit: nothing, unrealisedPercent: nothing, dayChange: nothing,
    })),
  };
}
