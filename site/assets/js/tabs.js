// @ts-check
// Tabs of one sign-in. Duplicating a tab copies its sessionStorage, and then both hold one refresh token:
// who uses it tells the others, since the provider ends a session whose spent token comes back (RFC 9700
// §4.14.2). Tabs of another sign-in take nothing of it.

import { readJSON, writeJSON } from "./storage.js";

/**
 * @typedef {import("./session.js").Session} Session
 * @typedef {{ lineage: string, turn: number }} Place which sign-in, and how often its token was renewed
 */

const TURNS = "portico.turns";
/** Sign-ins whose turn is remembered. */
const REMEMBERED = 20;
/** How long a tab waits for another's answer. */
const ANSWER_MS = 1000;

const channel = "BroadcastChannel" in window ? new BroadcastChannel("portico.tabs") : null;
/** @type {() => Session | null} */
let current = () => null;
/** @type {Set<(session: Session) => void>} */
const waiting = new Set();

/** The place of a new sign-in. @returns {Place} */
export function newPlace() {
  return { lineage: crypto.randomUUID(), turn: 0 };
}

/**
 * Answers other tabs with this one's session, and takes up what they renewed.
 * @param {() => Session | null} mine @param {(session: Session) => void} take
 */
export function joinTabs(mine, take) {
  current = mine;
  channel?.addEventListener("message", ({ data }) => {
    const own = current();
    if (data?.ask && own && isNewer(own, data.ask)) channel?.postMessage({ renewed: own });
    const session = data?.renewed;
    if (!session) return;
    for (const listener of waiting) listener(session);
    if (own && isNewer(session, own)) take(session);
  });
}

/** Remembers that a token was renewed, and gives it to the other tabs. @param {Session} session */
export function announce(session) {
  const others = turns().filter(([lineage]) => lineage !== session.lineage);
  writeJSON("local", TURNS, [[session.lineage, session.turn], ...others].slice(0, REMEMBERED));
  channel?.postMessage({ renewed: session });
}

/** Whether another tab has renewed what this one holds. @param {Place} held */
export function isBehind(held) {
  return turns().some(([lineage, turn]) => lineage === held.lineage && turn > held.turn);
}

/** What another tab holds that is newer, if one answers. @param {Place} held @returns {Promise<Session | null>} */
export function askForNewer(held) {
  return new Promise((resolve) => {
    /** @param {Session | null} found */
    const end = (found) => {
      waiting.delete(listener);
      clearTimeout(timer);
      resolve(found);
    };
    const listener = (/** @type {Session} */ session) => {
      if (isNewer(session, held) && !isBehind(session)) end(session);
    };
    const timer = setTimeout(() => end(null), ANSWER_MS);
    waiting.add(listener);
    channel?.postMessage({ ask: { lineage: held.lineage, turn: held.turn } });
  });
}

/** @param {Place} one @param {Place} other */
const isNewer = (one, other) => one.lineage === other.lineage && one.turn > other.turn;

/** @returns {[string, number][]} */
function turns() {
  const kept = readJSON("local", TURNS);
  return Array.isArray(kept) ? kept.filter((entry) => Array.isArray(entry)) : [];
}
