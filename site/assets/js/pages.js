// @ts-check
// Lists that the API answers in pages, read one after another on demand.

import { api } from "./api.js";
import { h } from "./dom.js";
import { toast } from "./toast.js";

/**
 * @param {object} options
 * @param {string} options.path @param {string} options.member the list's name in the answer
 * @param {AbortSignal} options.signal @param {(rows: any[]) => void} options.onRows
 */
export function pagedList({ path, member, signal, onRows }) {
  /** @type {string | null} */ let cursor = null;
  const more = h("button", { type: "button", class: "button button-quiet", text: "Show older ones", hidden: true });
  const load = async () => {
    const joint = path.includes("?") ? "&" : "?";
    const answer = await api(cursor ? `${path}${joint}cursor=${encodeURIComponent(cursor)}` : path, { signal });
    const rows = Array.isArray(answer) ? answer : answer?.[member] ?? answer?.items ?? [];
    cursor = answer?.cursor ?? answer?.nextCursor ?? answer?.next_cursor ?? null;
    more.hidden = !cursor;
    onRows(Array.isArray(rows) ? rows : []);
  };
  more.addEventListener("click", async () => {
    more.disabled = true;
    await load().catch((error) => {
      if (!signal.aborted) toast(error instanceof Error ? error.message : "More could not be loaded.", "problem");
    });
    more.disabled = false;
  });
  return { more, load };
}
