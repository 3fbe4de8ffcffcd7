// @ts-check
// The favourite stocks as live cards.

import { h, replace } from "../dom.js";
import { loadFavorites, star } from "../favorites.js";
import { loadHistory } from "../history.js";
import { StockCard } from "../stock-card.js";
import { quickButtons } from "../trade-actions.js";
import { emptyState, link } from "../ui.js";

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, market, account, signal } = context;
  const favorites = await loadFavorites();
  const list = h("ul", { class: "cards", id: "favoriteList" });
  const empty = emptyState("No favourites yet",
    "The star on a stock's card or page keeps it here, with its live price.", link("/app/", "To the market"));
  empty.hidden = favorites.size > 0;
  /** @type {Map<string, StockCard>} */
  const cards = new Map();
  for (const [symbol, name] of favorites) {
    const made = star(symbol, () => name, (on) => {
      if (on) return;
      cards.get(symbol)?.element.remove();
      cards.delete(symbol);
      empty.hidden = cards.size > 0;
    });
    const card = new StockCard(symbol, { corner: made, actions: quickButtons(context, symbol) });
    cards.set(symbol, card);
    list.append(card.element);
    loadHistory(symbol, "1d", signal)
      .then((bars) => card.seed(bars.map((bar) => bar.close)))
      .catch(() => null);
  }
  market.want(favorites.keys());
  market.subscribe({
    onQuotes: (quotes) => quotes.forEach((quote) => cards.get(quote.symbol)?.update(quote)),
  }, signal);
  replace(root, h("h1", { text: "Favourites" }), empty,
    h("section", { "aria-labelledby": "favoriteTitle" },
      h("h2", { id: "favoriteTitle", class: "visually-hidden", text: "Your favourite stocks" }), list));
  await account.load().catch(() => null);
  return "Favourites";
}

