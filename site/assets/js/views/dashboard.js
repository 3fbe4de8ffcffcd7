// @ts-check
// The desk: live cards, the two forms of document S1, and what is held.

import { api } from "../api.js";
import { byId, h, replace } from "../dom.js";
import { loadFavorites, star } from "../favorites.js";
import { MarketBoard } from "../market-board.js";
import { figures } from "../figures.js";
import { loadHistory } from "../history.js";
import { holdingsList } from "../holdings.js";
import { latestTrades } from "../latest-trades.js";
import { tradeForm } from "../trade-form.js";
import { quickButtons } from "../trade-actions.js";
import { username } from "../session.js";
import { button, link } from "../ui.js";

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, market, account, signal } = context;
  const parts = board(context);
  replace(
    root,
    h("div", { class: "view-head" },
      h("h1", { text: "Trading desk" }),
      h("p", { class: "view-sub", text: username() ? `Signed in as ${username()}` : "" })),
    figures(context),
    h("section", { "aria-labelledby": "deskMarket" },
      h("div", { class: "section-head" }, h("h2", { id: "deskMarket", text: "Market" }), parts.status),
      parts.away, parts.list, moreStocks(context), parts.summary),
    h("div", { class: "two-up trade-forms" },
      tradeForm(context, "buy", symbols(context)), tradeForm(context, "sell", symbols(context))),
    h("div", { class: "desk-lower" },
      h("section", { class: "panel", "aria-labelledby": "deskHoldings" },
        h("div", { class: "section-head" },
          h("h2", { id: "deskHoldings", text: "What you hold" }),
          h("p", {}, link("/app/portfolio", "Portfolio in detail"))),
        holdingsList(context)),
      latestTrades(context)));
  const cards = new MarketBoard({
    market, signal, ...parts, extras: (symbol) => extras(context, symbol, parts.stars),
  });
  const favorites = loadFavorites().then((all) => {
    for (const [symbol, made] of parts.stars) made.show(all.has(symbol));
  });
  await Promise.all([account.load(), favorites.catch(() => null)]);
  seedLines(context, cards);
  return "Trading desk";
}

/**
 * Gives the cards a day's prices where the feed brought none.
 * @param {import("../app.js").Context} context @param {MarketBoard} board
 */
function seedLines({ market, signal }, board) {
  for (const symbol of market.quotes.keys()) {
    const card = board.card(symbol);
    if (!card || card.isSeeded) continue;
    loadHistory(symbol, "1d", signal)
      .then((bars) => card.seed(bars.map((bar) => bar.close)))
      .catch(() => null);
  }
}

/**
 * @param {import("../app.js").Context} context
 * @param {string} symbol @param {Map<string, any>} stars
 */
function extras(context, symbol, stars) {
  const made = star(symbol, () => context.market.quotes.get(symbol)?.name ?? symbol);
  stars.set(symbol, made);
  return { corner: made, actions: quickButtons(context, symbol) };
}

/** The rest of the catalogue as links. @param {import("../app.js").Context} context */
function moreStocks(context) {
  const line = h("p", { class: "fineprint more-stocks", id: "moreStocks" });
  const show = (/** @type {{ symbol: string, name: string }[]} */ all) => {
    const others = all.filter(({ symbol }) => !context.market.listed.has(symbol));
    if (others.length === 0) return;
    replace(line, "Also in the catalogue: ", others.flatMap(({ symbol, name }, i) => [
      i > 0 ? ", " : null, link(`/app/stocks/${symbol}`, name ? `${symbol}, ${name}` : symbol),
    ]));
  };
  let isTold = false;
  context.market.subscribe({
    onQuotes: () => {
      // Once is enough, but only when it is known which stocks have a card.
      if (isTold) return;
      isTold = true;
      void symbols(context).then(show);
    },
  }, context.signal);
  return line;
}

/** @param {import("../app.js").Context} context */
function board(context) {
  const awayText = h("p");
  const retry = button("Try again now");
  return {
    list: h("ul", { class: "cards", id: "stockList", "aria-busy": "true" },
      /** @type {HTMLTemplateElement} */ (byId("cardBones")).content.cloneNode(true)),
    status: h("p", { class: "feed", data: { state: context.market.state } },
      h("span", { class: "feed-dot", "aria-hidden": "true" }), h("span", { text: "Fetching prices" })),
    away: h("div", { class: "notice notice-problem", role: "alert", hidden: true, id: "apiAway" },
      h("div", {},
        h("p", { class: "notice-title", text: "Prices are not available at the moment" }), awayText),
      retry),
    awayText, retry,
    summary: h("p", { class: "visually-hidden", "aria-live": "polite" }),
    stars: new Map(),
  };
}

/** @type {Promise<{ symbol: string, name: string }[]> | null} */
let catalogue = null;

/**
 * The whole catalogue, or the five of the market when it cannot be had.
 * @param {import("../app.js").Context} context
 */
function symbols(context) {
  catalogue ??= api("/stocks").then((answer) =>
    (Array.isArray(answer?.stocks) ? answer.stocks : []).map((/** @type {any} */ s) => ({
      symbol: String(s.symbol), name: String(s.name ?? s.companyName ?? ""),
    })));
  return catalogue.then((all) => {
    if (all.length > 0) return all;
    throw new Error("empty");
  }).catch(() => {
    catalogue = null;
    return [...context.market.quotes.values()].map(({ symbol, name }) => ({ symbol, name }));
  });
}
