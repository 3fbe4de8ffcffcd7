// @ts-check
// Who is signed in on this page. The access token lives in memory; a reload gets a new one through
// the provider's HttpOnly cookie. `tokenStorage` names another place for it (documents S0 and S4).

import { config } from "/config.js";
import { payload, provider, refreshTokens, signOutAddress, SignInError } from "./oauth.js";
import { read, readJSON, write, writeJSON } from "./storage.js";
import { announce, askForNewer, isBehind, joinTabs, newPlace } from "./tabs.js";

/**
 * @typedef {object} Session
 * @property {"oauth" | "password"} mode @property {string} token @property {number} expiresAt
 * @property {string} username @property {string | null} refreshToken @property {string | null} idToken
 * @property {string} lineage which sign-in, also in a duplicate of its tab
 * @property {number} turn how often its refresh token was renewed
 */

const KEY = "portico.session";
/** That somebody is signed in, and whether a cookie which no script sees can bring that back. */
const MARK = "portico.signedIn";
const EARLY_MS = 30_000;
const DAY_MS = 86_400_000;
/** What a provider says of a refresh token that is worth nothing any more (RFC 6749 §5.2). */
const REFUSALS = new Set(["invalid_grant", "invalid_request", "invalid_client", "unauthorized_client"]);

/** @type {Session | null} */
let session = null;
/** @type {Set<() => void>} */
const listeners = new Set();
const channel = "BroadcastChannel" in window ? new BroadcastChannel("portico.session") : null;

channel?.addEventListener("message", (event) => {
  if (event.data === "signed-out" && session) forget();
});
joinTabs(() => session, begin);

export const isSignedIn = () => session !== null;
export const username = () => session?.username ?? "";

/** @param {() => void} listener */
export function onSessionChange(listener) {
  listeners.add(listener);
}

/** Takes up the session of an earlier page, if there is one. */
export async function restore() {
  const kept = keptSession();
  if (kept && kept.expiresAt > Date.now()) {
    session = kept;
    return true;
  }
  if (!kept && !keptRefresh() && read("local", MARK) !== "cookie") return false;
  return (await refreshNow()) !== null;
}

/**
 * A token for the next request; null when nobody is signed in.
 * @returns {Promise<string | null>}
 */
export async function accessToken() {
  if (!session) return null;
  if (session.expiresAt - EARLY_MS > Date.now() || session.mode === "password") return session.token;
  // Asked for early, so that a provider that is away for a moment is not noticed.
  return (await refreshNow()) ?? (session && session.expiresAt > Date.now() ? session.token : null);
}

/** @type {Promise<string | null> | null} */
let refreshing = null;

/** A new access token at once; whoever asks meanwhile waits for the same. */
export function refreshNow() {
  refreshing ??= renew().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Tabs take turns, so that none uses a spent refresh token. */
async function renew() {
  if (session?.mode === "password") {
    forget();
    return null;
  }
  try {
    if ("locks" in navigator) await navigator.locks.request("portico.refresh", takeTurn);
    else await takeTurn();
    return session?.token ?? null;
  } catch (error) {
    // Only a refusal ends the session; a provider that is away or busy comes back.
    if (error instanceof SignInError && REFUSALS.has(error.code)) forget();
    return null;
  }
}

/** Another tab's tokens may be newer than this page's: a spent one would end them all. */
async function takeTurn() {
  const kept = keptSession();
  if (kept && kept.token !== session?.token && isFresh(kept) && !isBehind(kept)) {
    begin(kept);
    return;
  }
  let held = kept ?? session ?? keptRefresh();
  if (held && isBehind(held)) {
    held = await askForNewer(held);
    // A spent token is worth nothing, and showing it would end what another tab still has.
    if (!held) throw new SignInError("invalid_grant", "Another tab has renewed this sign-in.");
    if (isFresh(held)) {
      begin(held);
      return;
    }
  }
  adopt(await refreshTokens(held?.refreshToken ?? null), {}, held ?? newPlace());
}

/** @param {Session} kept */
const isFresh = (kept) => kept.expiresAt - EARLY_MS > Date.now();

/**
 * @param {import("./oauth.js").Tokens} tokens @param {any} claims
 * @param {{ lineage: string, turn: number, refreshToken?: string | null }} [before] what was renewed, if anything
 */
export function adopt(tokens, claims, before = newPlace()) {
  const said = payload(tokens.access_token) ?? {};
  const id = tokens.id_token ? payload(tokens.id_token) : null;
  const isRotated = Boolean(tokens.refresh_token) && tokens.refresh_token !== before.refreshToken;
  const next = {
    mode: /** @type {const} */ ("oauth"), token: tokens.access_token,
    expiresAt: Date.now() + (tokens.expires_in ?? 300) * 1000,
    username: claims["cognito:username"] ?? said.username ?? id?.["cognito:username"] ?? session?.username ?? "",
    refreshToken: tokens.refresh_token ?? before.refreshToken ?? null,
    idToken: tokens.id_token ?? session?.idToken ?? null,
    lineage: before.lineage, turn: before.turn + (isRotated ? 1 : 0),
  };
  begin(next);
  if (isRotated) announce(next);
}

/** S4's sign-up. @param {{ username: string, password: string, email?: string }} account */
export async function signUp(account) {
  return post("/auth/signup", account);
}

/**
 * S4's sign-in, for a service without an OAuth provider.
 * @param {string} name @param {string} password
 */
export async function signInWithPassword(name, password) {
  const answer = await post("/auth/login", { username: name, password });
  const expiry = payload(answer.token)?.exp;
  begin({
    mode: "password", token: answer.token, username: answer.username ?? name, refreshToken: null, idToken: null,
    expiresAt: typeof expiry === "number" ? expiry * 1000 : Date.now() + DAY_MS, ...newPlace(),
  });
}

/** Ends the session here and at the server; answers the address to go to, if any. */
export async function signOut() {
  const ended = session;
  forget();
  channel?.postMessage("signed-out");
  if (!ended) return null;
  if (ended.mode === "oauth") return signOutAddress(ended.idToken);
  await fetch(`${config.apiBaseURL}/auth/logout`, {
    method: "POST", headers: { authorization: `Bearer ${ended.token}` }, credentials: "omit",
  }).catch(() => null);
  return null;
}

/** Whether the provider's own pages are used for signing in. */
export async function usesProvider() {
  return (await provider()) !== null;
}

/** @param {Session} next */
function begin(next) {
  session = next;
  write("local", MARK, next.mode === "oauth" && !next.refreshToken ? "cookie" : "token");
  const place = storageOf(next.mode);
  if (place) writeJSON(place, KEY, next);
  else if (next.refreshToken) {
    const { refreshToken, lineage, turn } = next;
    writeJSON("session", `${KEY}.refresh`, { refreshToken, lineage, turn });
  }
  for (const listener of listeners) listener();
}

function forget() {
  session = null;
  write("local", MARK, null);
  for (const kind of /** @type {const} */ (["local", "session"])) write(kind, KEY, null);
  write("session", `${KEY}.refresh`, null);
  for (const listener of listeners) listener();
}

/** Password sign-in has no cookie to come back with, so it lasts as long as its tab. */
function storageOf(/** @type {Session["mode"]} */ mode) {
  if (config.tokenStorage === "local" || config.tokenStorage === "session") return config.tokenStorage;
  return mode === "password" ? "session" : null;
}

/** @returns {Session | null} */
function keptSession() {
  const kept = readJSON("session", KEY) ?? readJSON("local", KEY);
  return kept && typeof kept.token === "string" && typeof kept.expiresAt === "number" ? kept : null;
}

/** The refresh token of a tab whose access token lives in memory. */
function keptRefresh() {
  return readJSON("session", `${KEY}.refresh`);
}

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
async function post(path, body) {
  let response;
  try {
    response = await fetch(config.apiBaseURL + path, {
      method: "POST", headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body), credentials: "omit", cache: "no-store",
    });
  } catch {
    throw new SignInError("unreachable", "The service cannot be reached at the moment.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const details = Array.isArray(answer?.errors)
    ? answer.errors.map((/** @type {any} */ e) => e?.message).filter(Boolean).join("; ") : "";
  throw new SignInError(
    answer?.error ?? String(response.status),
    details || answer?.message || "The service refused the request.");
}
