// @ts-check
// Browser storage that may be absent, full or switched off: reading gives null, writing is a wish.

/** @param {"local" | "session"} kind */
function area(kind) {
  try {
    return kind === "local" ? window.localStorage : window.sessionStorage;
  } catch {
    return null;
  }
}

/** @param {"local" | "session"} kind @param {string} key @returns {string | null} */
export function read(kind, key) {
  try {
    return area(kind)?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

/** @param {"local" | "session"} kind @param {string} key @param {string | null} value */
export function write(kind, key, value) {
  try {
    if (value === null) area(kind)?.removeItem(key);
    else area(kind)?.setItem(key, value);
  } catch {
    // A full or forbidden storage loses a convenience, never an order.
  }
}

/** @param {"local" | "session"} kind @param {string} key @returns {any} */
export function readJSON(kind, key) {
  const text = read(kind, key);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {"local" | "session"} kind @param {string} key @param {unknown} value */
export function writeJSON(kind, key, value) {
  write(kind, key, value === null ? null : JSON.stringify(value));
}
