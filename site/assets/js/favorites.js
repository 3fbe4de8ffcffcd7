// @ts-check
// The person's favourite stocks, and the star that adds and removes one.

import { api, ApiError } from "./api.js";
import { h } from "./dom.js";
import { toast } from "./toast.js";

/** @type {Map<string, string> | null} symbol → company name */
let known = null;

/** @returns {Promise<Map<string, string>>} */
export async function loadFavorites() {
  const answer = await api("/favorites");
  const list = Array.isArray(answer?.favorites) ? answer.favorites : [];
  known = new Map(list.map((/** @type {any} */ f) => [String(f.symbol), String(f.companyName ?? "")]));
  return known;
}

/** @param {string} symbol @param {string} name @param {boolean} wanted */
async function setFavorite(symbol, name, wanted) {
  if (wanted) await api("/favorites", { method: "POST", body: { symbol, companyName: name || symbol } });
  else await api(`/favorites/${encodeURIComponent(symbol)}`, { method: "DELETE" });
  if (wanted) known?.set(symbol, name);
  else known?.delete(symbol);
}

/**
 * A star as a toggle button.
 * @param {string} symbol @param {() => string} name @param {(on: boolean) => void} [onChange]
 */
export function star(symbol, name, onChange) {
  const button = h("button", {
    type: "button", class: "star", "aria-pressed": "false", data: { symbol },
    "aria-label": `${symbol} is a favourite`,
  }, h("span", { "aria-hidden": "true", text: "☆" }));
  const show = (/** @type {boolean} */ on) => {
    button.setAttribute("aria-pressed", String(on));
    button.firstChild.textContent = on ? "★" : "☆";
  };
  button.addEventListener("click", async () => {
    const next = button.getAttribute("aria-pressed") !== "true";
    show(next);
    try {
      await setFavorite(symbol, name(), next);
      onChange?.(next);
    } catch (error) {
      show(!next);
      toast(error instanceof ApiError ? error.message : "The favourite was not changed.", "problem");
    }
  });
  show(known?.has(symbol) ?? false);
  return Object.assign(button, { show });
}
