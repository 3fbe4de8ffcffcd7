// @ts-check
// The account followed live: what another tab, another device or the matcher did shows without a reload.
//
// A browser opens few connections to one server, so of all tabs that a person looks at one holds the
// stream and tells the others. While there is none, each asks for the account every 30 seconds.

import { config } from "/config.js";
import { events } from "./event-reader.js";
import { accessToken, isSignedIn, onSessionChange, refreshNow, username } from "./session.js";

/** @typedef {"open" | "change" | "lost"} News */

const POLL_MS = 30_000;
const RETRY_MS = 3_000;
const RETRY_MOST_MS = 60_000;
/** The server breaks a silence after 15 s; after this one the connection is dead. */
const SILENCE_MS = 45_000;
/** The events of one commit ask for one answer. */
const GATHER_MS = 60;
const NAME = "portico.account-stream";

/**
 * Follows the account of whoever is signed in, while the page is seen.
 * @param {import("./account.js").Account} account
 */
export function followAccount(account) {
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
  /** @type {AbortController | null} */ let running = null;
  let isHolder = false;
  let isLive = false;
  let pollTimer = 0;
  let gatherTimer = 0;

  const refresh = () => {
    window.clearTimeout(gatherTimer);
    gatherTimer = window.setTimeout(() => void account.refresh(), GATHER_MS);
  };
  /** @param {boolean} live */
  const become = (live) => {
    isLive = live;
    document.documentElement.dataset.account = live ? "live" : "polling";
    window.clearInterval(pollTimer);
    pollTimer = live ? 0 : window.setInterval(refresh, POLL_MS);
  };
  /** @param {News} news */
  const hear = (news) => {
    if (isLive !== (news !== "lost")) become(!isLive);
    if (news === "change") refresh();
  };
  /** What the holder of the stream hears, all do. @param {News} news */
  const tell = (news) => {
    channel?.postMessage({ news, who: username() });
    hear(news);
  };
  channel?.addEventListener("message", ({ data }) => {
    if (!running || data?.who !== username()) return;
    if (data.news !== "ask") hear(data.news);
    else if (isHolder && isLive) channel.postMessage({ news: "open", who: username() });
  });

  /** @param {AbortSignal} signal */
  const hold = async (signal) => {
    isHolder = true;
    await keepReading(signal, tell);
    isHolder = false;
  };
  const start = () => {
    running = new AbortController();
    const { signal } = running;
    become(false);
    if (!channel || !("locks" in navigator)) {
      void hold(signal);
      return;
    }
    // Somebody may hold it already; otherwise the turn comes at once.
    channel.postMessage({ news: "ask", who: username() });
    navigator.locks.request(`${NAME}.${username()}`, { signal }, () => hold(signal)).catch(() => null);
  };
  const stop = () => {
    running?.abort();
    running = null;
    isLive = false;
    window.clearInterval(pollTimer);
    window.clearTimeout(gatherTimer);
    delete document.documentElement.dataset.account;
  };
  let who = "";
  const follow = () => {
    const wanted = isSignedIn() && !document.hidden;
    if (running && (!wanted || who !== username())) stop();
    if (!wanted || running) return;
    // What happened while nobody looked.
    if (who === username()) refresh();
    who = username();
    start();
  };
  onSessionChange(follow);
  document.addEventListener("visibilitychange", follow);
  // A page that goes gives its turn away, also when the browser keeps it for the way back.
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", follow);
  follow();
}

/**
 * Reads the stream until the signal, and opens it again where it broke off.
 * @param {AbortSignal} signal @param {(news: News) => void} tell
 */
async function keepReading(signal, tell) {
  /** @type {string | null} */ let lastID = null;
  let failures = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    let watchdog = 0;
    try {
      for await (const event of events(await open(AbortSignal.any([signal, connection.signal]), lastID))) {
        failures = 0;
        lastID = event?.id ?? lastID;
        window.clearTimeout(watchdog);
        watchdog = window.setTimeout(() => connection.abort(), SILENCE_MS);
        if (!signal.aborted) tell(event ? "change" : "open");
      }
    } catch {
      failures += 1;
    } finally {
      window.clearTimeout(watchdog);
      connection.abort();
    }
    if (signal.aborted) return;
    if (failures > 0) tell("lost");
    await pause(Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** Math.max(0, failures - 1)), signal);
  }
}

/** @param {AbortSignal} signal @param {string | null} lastID */
async function open(signal, lastID) {
  const first = await send(await accessToken(), signal, lastID);
  // The token may have ended with the stream.
  const response = first.status === 401 ? await send(await refreshNow(), signal, lastID) : first;
  if (!response.ok || !response.body) throw new Error(`The account's events: ${response.status}`);
  return response.body;
}

/** @param {string | null} token @param {AbortSignal} signal @param {string | null} lastID */
function send(token, signal, lastID) {
  if (!token) throw new Error("Nobody is signed in");
  return fetch(`${config.apiBaseURL}/stream/account`, {
    headers: {
      accept: "text/event-stream", authorization: `Bearer ${token}`,
      ...(lastID ? { "last-event-id": lastID } : {}),
    },
    cache: "no-store", credentials: "omit", signal,
  });
}

/** @param {number} milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
