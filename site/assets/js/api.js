// @ts-check
// Requests to the API: one place for the token, for time-outs and for what an error says.

import { config } from "/config.js";
import { accessToken, isSignedIn, refreshNow } from "./session.js";

const TIMEOUT_MS = 20_000;

/** An answer that is not the one hoped for; `message` is fit to be shown. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {any} [body] */
  constructor(status, code, message, body = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.body = body;
  }

  /** Whether nobody answered at all. */
  get isUnreachable() { return this.status === 0; }
}

/**
 * @typedef {object} Options
 * @property {string} [method] @property {unknown} [body] @property {boolean} [open] without a token
 * @property {string} [idempotencyKey] @property {AbortSignal} [signal]
 */

/**
 * The JSON of an answer.
 * @param {string} path below the API's base @param {Options} [options] @returns {Promise<any>}
 */
export async function api(path, options = {}) {
  const token = options.open ? null : await accessToken();
  if (!options.open && token === null && isSignedIn()) {
    throw new ApiError(0, "unreachable", "The sign-in service cannot be reached at the moment.");
  }
  const first = await send(path, options, token);
  if (first.status !== 401 || options.open) return read(first);
  // The token may have been revoked or have run out a moment ago: one new one, one more try.
  const renewed = await refreshNow();
  return read(renewed ? await send(path, options, renewed) : first);
}

/** @param {string} path @param {Options} options @param {string | null} token */
async function send(path, options, token) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(config.apiBaseURL + path, {
      method: options.method ?? "GET",
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      cache: "no-store",
      credentials: "omit",
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The service cannot be reached at the moment.");
  }
}

/** @param {Response} response */
async function read(response) {
  let text = "";
  try {
    text = await response.text();
  } catch {
    // Broken off, for instance because the page is left: half an answer is none, not an empty one.
    throw new ApiError(0, "unreachable", "The service cannot be reached at the moment.");
  }
  let body = null;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    body = null;
  }
  if (response.ok) return body;
  throw new ApiError(response.status, codeOf(body, response.status), messageOf(body, response), body);
}

/** @param {any} body @param {number} status */
function codeOf(body, status) {
  if (typeof body?.code === "string") return body.code;
  return typeof body?.error === "string" ? body.error : String(status);
}

/** @param {any} body @param {Response} response */
function messageOf(body, response) {
  if (response.status === 401) return "Please sign in again.";
  if (response.status === 429) {
    const after = response.headers.get("retry-after");
    return after ? `Too many requests. Try again in ${after} seconds.` : "Too many requests. Try again shortly.";
  }
  const details = Array.isArray(body?.errors)
    ? body.errors.map((/** @type {any} */ e) => [e?.path?.join?.("."), e?.message].filter(Boolean).join(": "))
    : [];
  const said = body?.message ?? body?.detail ?? body?.title;
  if (details.length > 0) return `${said ?? "The request was refused"}: ${details.join("; ")}`;
  return typeof said === "string" ? said : `The service answered with status ${response.status}.`;
}
