// @ts-check
// Authorization code with PKCE against whatever provider the discovery document describes.

import { config } from "/config.js";
import { readJSON, write, writeJSON } from "./storage.js";

/**
 * @typedef {object} Provider
 * @property {string} issuer @property {string} authorization_endpoint @property {string} token_endpoint
 * @property {string} [end_session_endpoint] @property {string} [revocation_endpoint]
 * @typedef {object} Tokens
 * @property {string} access_token @property {number} [expires_in] @property {string} [id_token]
 * @property {string} [refresh_token]
 */

/** An answer of the provider that ends the sign-in; `code` is OAuth's error word. */
export class SignInError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "SignInError";
    this.code = code;
  }
}

/** @type {Promise<Provider | null> | null} */
let discovered = null;

/** The provider, or null when there is none (then S4's own sign-in is used). */
export function provider() {
  discovered ??= discover();
  return discovered;
}

async function discover() {
  if (!config.discovery) return null;
  try {
    const response = await fetch(config.discovery, { headers: { accept: "application/json" } });
    if (!response.ok) return null;
    const found = await response.json();
    return found?.authorization_endpoint && found?.token_endpoint ? found : null;
  } catch {
    discovered = null;
    return null;
  }
}

/**
 * Leaves for the provider's page. @param {string} returnTo a path of ours
 * @param {{ isNew?: boolean }} [wish] whether to begin with the sign-up page, where there is one
 */
export async function beginSignIn(returnTo, { isNew = false } = {}) {
  const found = await provider();
  if (!found) throw new SignInError("no_provider", "The sign-in service cannot be reached.");
  const attempt = { verifier: random(32), nonce: random(16), returnTo, at: Date.now() };
  const state = random(16);
  writeJSON("session", `portico.attempt.${state}`, attempt);
  const query = new URLSearchParams({
    response_type: "code", client_id: config.clientId, redirect_uri: redirectURI(),
    scope: config.scopes, state, nonce: attempt.nonce,
    code_challenge: await challenge(attempt.verifier), code_challenge_method: "S256",
  });
  // Cognito's sign-up page, and ours, take the same parameters beside the authorization endpoint.
  const endpoint = found.authorization_endpoint;
  const page = isNew && endpoint.endsWith("/oauth2/authorize")
    ? endpoint.replace(/\/oauth2\/authorize$/, "/signup") : endpoint;
  window.location.assign(`${page}?${query}`);
}

/**
 * Exchanges the code in the address. @param {URL} url
 * @returns {Promise<{ tokens: Tokens, claims: any, returnTo: string }>}
 */
export async function completeSignIn(url) {
  const query = url.searchParams;
  const state = query.get("state") ?? "";
  const key = `portico.attempt.${state}`;
  const attempt = state ? readJSON("session", key) : null;
  write("session", key, null);
  if (!attempt) {
    throw new SignInError("state", "This sign-in was not begun in this tab, or it is finished already.");
  }
  const found = await provider();
  if (!found) throw new SignInError("no_provider", "The sign-in service cannot be reached.");
  const issuer = query.get("iss");
  if (issuer && issuer !== found.issuer) {
    throw new SignInError("issuer", "The answer comes from another sign-in service.");
  }
  const refused = query.get("error");
  if (refused) {
    throw new SignInError(refused, query.get("error_description") ?? "The sign-in was not completed.");
  }
  const tokens = await token(found, {
    grant_type: "authorization_code", code: query.get("code") ?? "",
    redirect_uri: redirectURI(), code_verifier: attempt.verifier,
  });
  const claims = idClaims(tokens, found, attempt.nonce);
  return { tokens, claims, returnTo: safePath(attempt.returnTo) };
}

/** New tokens from the refresh token given, or from the cookie that only the provider reads.
 * @param {string | null} refreshToken @returns {Promise<Tokens>} */
export async function refreshTokens(refreshToken) {
  const found = await provider();
  if (!found) throw new SignInError("no_provider", "The sign-in service cannot be reached.");
  return token(found, {
    grant_type: "refresh_token", ...(refreshToken ? { refresh_token: refreshToken } : {}),
  });
}

/** The address that ends the provider's session. @param {string | null} idToken */
export async function signOutAddress(idToken) {
  const found = await provider();
  if (!found) return config.logoutPath;
  const back = new URL(config.logoutPath, window.location.origin).href;
  if (!found.end_session_endpoint || isCognito(found)) {
    const address = new URL("/logout", found.authorization_endpoint);
    address.search = String(new URLSearchParams({ client_id: config.clientId, logout_uri: back }));
    return address.href;
  }
  const address = new URL(found.end_session_endpoint);
  address.searchParams.set("client_id", config.clientId);
  address.searchParams.set("post_logout_redirect_uri", back);
  if (idToken) address.searchParams.set("id_token_hint", idToken);
  return address.href;
}

/** Cognito's `/logout` has parameters of its own, also behind a domain of one's own. @param {Provider} found */
function isCognito(found) {
  const named = (/** @type {string} */ url) => new URL(url).hostname;
  return named(found.authorization_endpoint).endsWith(".amazoncognito.com")
    || /(^|-)cognito-idp\.[^.]+\.amazonaws\.com(\.cn)?$/.test(named(found.issuer));
}

/** @param {Provider} found @param {Record<string, string>} fields @returns {Promise<Tokens>} */
async function token(found, fields) {
  const sameOrigin = new URL(found.token_endpoint).origin === window.location.origin;
  const response = await fetch(found.token_endpoint, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ client_id: config.clientId, ...fields }),
    credentials: sameOrigin ? "same-origin" : "omit",
    cache: "no-store",
    signal: AbortSignal.timeout(15_000),
  });
  const answer = await response.json().catch(() => null);
  if (response.ok && typeof answer?.access_token === "string") return answer;
  throw new SignInError(
    answer?.error ?? String(response.status),
    answer?.error_description ?? "The sign-in service refused the request.");
}

/** The ID token's claims; it came from the token endpoint itself (OpenID Connect Core §3.1.3.7). */
function idClaims(/** @type {Tokens} */ tokens, /** @type {Provider} */ found, /** @type {string} */ nonce) {
  if (!tokens.id_token) return {};
  const claims = payload(tokens.id_token);
  const audience = Array.isArray(claims?.aud) ? claims.aud : [claims?.aud];
  if (!claims || claims.nonce !== nonce || claims.iss !== found.issuer || !audience.includes(config.clientId)) {
    throw new SignInError("id_token", "The identity in the answer does not belong to this sign-in.");
  }
  return claims;
}

/**
 * What a token says, for display only: the server alone verifies.
 * @param {string} jwt @returns {any}
 */
export function payload(jwt) {
  try {
    const part = (jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

export function redirectURI() {
  return new URL(config.redirectPath, window.location.origin).href;
}

/** A path of this site, whatever was stored. @param {unknown} path */
function safePath(path) {
  return typeof path === "string" && path.startsWith("/") && !path.startsWith("//") ? path : "/app/";
}

/** @param {number} bytes */
function random(bytes) {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** @param {string} verifier */
async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
