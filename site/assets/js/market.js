// @ts-check
// The latest quote of every symbol, shared by whatever on a page shows prices.

import { followHours } from "./market-hours.js";
import { QuoteFeed } from "./quotes.js";

/**
 * @typedef {import("./quotes.js").Quote} Quote
 * @typedef {import("./quotes.js").FeedState} FeedState
 * @typedef {import("./market-hours.js").Hours} Hours
 * @typedef {{ onHours?: (hours: Hours) => void, onQuotes?: (quotes: Quote[]) => void, onState?: (state: FeedState, reason: string) => void }} Subscriber
 */

export class Market {
  /** @type {Map<string, Quote>} */ quotes = new Map();
  /** The stocks of a plain `/check`, in its order. @type {Set<string>} */ listed = new Set();
  /** @type {Set<Subscriber>} */ #subscribers = new Set();
  /** @type {FeedState} */ state = "connecting";
  reason = "";
  /** Known once the service has told. @type {Hours | null} */ hours = null;

  /** @param {string} apiBaseURL */
  constructor(apiBaseURL) {
    this.feed = new QuoteFeed({
      apiBaseURL,
      knows: (symbol) => this.listed.has(symbol),
      listed: () => [...this.listed],
      onQuotes: (quotes, isListed) => {
        if (isListed) this.listed = new Set(quotes.map((quote) => quote.symbol));
        for (const quote of quotes) {
          const before = this.quotes.get(quote.symbol);
          quote.name ||= before?.name ?? "";
          // Only the first answer carries the last hour; a card made later still wants it.
          if (quote.recent.length === 0 && before) quote.recent = [...before.recent, quote.price].slice(-90);
          this.quotes.set(quote.symbol, quote);
        }
        for (const subscriber of this.#subscribers) subscriber.onQuotes?.(quotes);
      },
      onState: (state, reason) => {
        this.state = state;
        this.reason = reason;
        for (const subscriber of this.#subscribers) subscriber.onState?.(state, reason);
      },
    });
  }

  start() {
    this.feed.start();
    followHours((hours) => {
      this.hours = hours;
      for (const subscriber of this.#subscribers) subscriber.onHours?.(hours);
    });
  }

  /** Follows these, too. @param {Iterable<string>} symbols */
  want(symbols) { this.feed.want(symbols); }

  /** @returns {Promise<boolean>} whether the service answered */
  refresh() { return this.feed.refresh(); }

  /** Tells what is known already, then everything new, until the signal ends it.
   * @param {Subscriber} subscriber @param {AbortSignal} [signal] */
  subscribe(subscriber, signal) {
    if (signal?.aborted) return;
    this.#subscribers.add(subscriber);
    signal?.addEventListener("abort", () => this.#subscribers.delete(subscriber));
    if (this.quotes.size > 0) subscriber.onQuotes?.([...this.quotes.values()]);
    if (this.hours) subscriber.onHours?.(this.hours);
    if (this.state !== "connecting") subscriber.onState?.(this.state, this.reason);
  }
}
