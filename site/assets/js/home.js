// @ts-check
// The front page's live market.

import { config } from "/config.js";
import { byId } from "./dom.js";
import { MarketBoard } from "./market-board.js";

new MarketBoard({
  apiBaseURL: config.apiBaseURL,
  list: byId("stockList"), status: byId("feedStatus"), away: byId("apiAway"),
  awayText: byId("apiAwayText"), retry: byId("retry"), summary: byId("marketSummary"),
}).start();
