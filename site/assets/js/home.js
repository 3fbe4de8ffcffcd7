// @ts-check
// The front page's live market.

import { config } from "/config.js";
import { byId } from "./dom.js";
import { Market } from "./market.js";
import { MarketBoard } from "./market-board.js";

const market = new Market(config.apiBaseURL);
new MarketBoard({
  market,
  list: byId("stockList"), status: byId("feedStatus"), away: byId("apiAway"),
  awayText: byId("apiAwayText"), retry: byId("retry"), summary: byId("marketSummary"),
});
market.start();
