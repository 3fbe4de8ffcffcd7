// @ts-check
// Live quotes: one request for all, then server-sent events, and polling whenever those are not there.

import { date, number } from "./format.js";

/**
 * @typedef {object} Quote
 * @property {string} symbol @property {string} name @property {number} price
 * @property {number} changePercent @property {number} changeAbs @property {number} previousClose
 * @property {number} bid what a share brings
 * @property {number} volume @property {Date} asOf @property {string} source @property {boolean} stale
 * @property {number[]} recent
 * @typedef {"connecting" | "live" | "polling" | "away"} FeedState
 */

export const POLL_MS = 30_000;
const TIMEOUT_MS = 10_000;
const REOPEN_STREAM_MS = 300_000;
/** One request names at most twenty symbols, five of them the listed ones. */
const MOST_MORE = 15;

/** The quote in an answer, or null when it is not one. @param {any} raw @returns {Quote | null} */
export function readQuote(raw) {
  const price = number(raw?.price);
  if (typeof raw?.symbol !== "string" || !Number.isFinite(price)) return null;
  const percent = number(raw.change);
  const previous = number(raw.previousClose);
  const known = number(raw.changeAbs);
  return {
    symbol: raw.symbol,
    name: typeof raw.name === "string" ? raw.name : "",
    price,
    changePercent: Number.isFinite(percent) ? percent : 0,
    changeAbs: Number.isFinite(known) ? known : price - price / (1 + (percent || 0) / 100),
    previousClose: previous,
    bid: number(raw.bid),
    volume: number(raw.volume),
    asOf: date(raw.asOf ?? raw.lastUpdated) ?? new Date(),
    source: typeof raw.source === "string" ? raw.source : "",
    stale: raw.stale === true,
    recent: Array.isArray(raw.recent) ? raw.recent.map(number).filter(Number.isFinite) : [],
  };
}

/** The quote in an answer of `/stocks/{symbol}`, where `change` is an amount (document S0).
 * @param {any} raw */
export function readStock(raw) {
  return readQuote({
    ...raw, change: raw?.changePercent ?? raw?.change, name: raw?.name ?? raw?.companyName,
  });
}

export class QuoteFeed {
  /** @type {EventSource | null} */ #stream = null;
  /** @type {FeedState} */ #state = "connecting";
  #pollTimer = 0;
  #reopenTimer = 0;
  #lastQuoteAt = 0;
  #running = false;
  /** Symbols beside the listed ones that somebody looks at. @type {Set<string>} */ #more = new Set();

  /**
   * @param {object} options
   * @param {string} options.apiBaseURL
   * @param {(quotes: Quote[], isListed: boolean) => void} options.onQuotes `isListed` when they are
   * the answer of a plain `/check`
   * @param {(state: FeedState, reason: string) => void} options.onState
   * @param {(symbol: string) => boolean} options.knows whether a plain `/check` brings the symbol
   * @param {() => string[]} options.listed the symbols that a plain `/check` brought
   */
  constructor(options) {
    this.options = options;
    document.addEventListener("visibilitychange", () => {
      // A hidden page holds no connection: browsers allow six per host.
      if (document.hidden) this.#pause();
      else if (this.#running) this.#resume();
    });
    window.addEventListener("pagehide", () => this.#pause());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted && this.#running) this.#resume();
    });
  }

  get state() { return this.#state; }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#resume();
  }

  stop() {
    this.#running = false;
    this.#pause();
  }

  /** Follows further symbols from now on; at most as many as one request may name.
   * @param {Iterable<string>} symbols */
  want(symbols) {
    const before = this.#more.size;
    for (const symbol of symbols) {
      if (this.#more.size < MOST_MORE && !this.options.knows(symbol)) this.#more.add(symbol);
    }
    if (this.#more.size === before || !this.#running || document.hidden) return;
    const wasOpen = this.#stream !== null;
    this.#close();
    void this.#loadMore();
    if (wasOpen) this.#open();
  }

  /** What was wanted before it was known which symbols are listed may be one of them. */
  get #unlisted() { return [...this.#more].filter((symbol) => !this.options.knows(symbol)); }

  /** Asks at once, as the retry button does. */
  async refresh() {
    const reached = await this.#load();
    if (reached && !this.#stream && !this.#reopenTimer) this.#open();
    return reached;
  }

  #resume() {
    this.#poll();
    void this.refresh();
  }

  #pause() {
    clearInterval(this.#pollTimer);
    clearTimeout(this.#reopenTimer);
    this.#pollTimer = 0;
    this.#reopenTimer = 0;
    this.#close();
  }

  #close() {
    this.#stream?.close();
    this.#stream = null;
  }

  /** @param {FeedState} state @param {string} [reason] */
  #become(state, reason = "") {
    this.#state = state;
    this.options.onState(state, reason);
  }

  #poll() {
    if (this.#pollTimer) return;
    this.#pollTimer = window.setInterval(() => {
      const silent = Date.now() - this.#lastQuoteAt > POLL_MS;
      if (this.#state !== "live" || silent) void this.refresh();
    }, POLL_MS);
  }

  /** @param {string} [query] */
  async #check(query = "") {
    const response = await fetch(`${this.options.apiBaseURL}/check${query}`, {
      headers: { accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`The price service answered ${response.status}`);
    const answer = await response.json();
    const quotes = Array.isArray(answer) ? answer.map(readQuote).filter((q) => q !== null) : [];
    if (quotes.length === 0) throw new Error("The price service answered without prices");
    this.#deliver(quotes, query === "");
  }

  /** The further symbols; the listed ones tell whether the service is there, so a failure is silent. */
  async #loadMore() {
    const more = this.#unlisted;
    if (more.length > 0) await this.#check(`?symbols=${more.join(",")}`).catch(() => null);
  }

  async #load() {
    try {
      await this.#check();
      void this.#loadMore();
      if (this.#state !== "live") this.#become("polling");
      return true;
    } catch (error) {
      this.#close();
      this.#become("away", reasonOf(error));
      return false;
    }
  }

  #open() {
    if (!("EventSource" in window) || document.hidden) return;
    this.#reopenTimer = 0;
    const more = this.#unlisted;
    const query = more.length > 0 ? `?symbols=${[...this.options.listed(), ...more].join(",")}` : "";
    const stream = new EventSource(`${this.options.apiBaseURL}/stream${query}`);
    this.#stream = stream;
    stream.addEventListener("open", () => this.#become("live"));
    stream.addEventListener("quote", (event) => this.#receive(event));
    stream.addEventListener("error", () => {
      if (stream !== this.#stream) return;
      if (this.#state === "live") {
        // Broken off: one question tells whether only the stream is gone or the whole service.
        this.#become("polling");
        void this.#load();
      }
      if (stream.readyState !== EventSource.CLOSED) return;
      // Refused for good: ask every 30 seconds and look for the stream again later.
      this.#stream = null;
      this.#reopenTimer = window.setTimeout(() => this.#open(), REOPEN_STREAM_MS);
    });
  }

  /** @param {MessageEvent} event */
  #receive(event) {
    let quote = null;
    try {
      quote = readQuote(JSON.parse(event.data));
    } catch {
      return;
    }
    if (!quote) return;
    if (this.#state !== "live") this.#become("live");
    this.#deliver([quote], false);
  }

  /** @param {Quote[]} quotes @param {boolean} isListed */
  #deliver(quotes, isListed) {
    this.#lastQuoteAt = Date.now();
    this.options.onQuotes(quotes, isListed);
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return "The price service did not answer in time.";
  }
  if (error instanceof TypeError) return "The price service cannot be reached.";
  return error instanceof Error ? `${error.message}.` : "The price service does not answer.";
}
