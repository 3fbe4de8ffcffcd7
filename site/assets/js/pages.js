// @ts-check
// Lists that the API answers in pages, read one after another on demand.

import { api } from "./api.js";
import { h } from "./dom.js";
import { toast } from "./toast.js";

/**
 * @param {object} options
 * @param {string} options.path @param {string} options.member the list's name in the answer
 * @param {AbortSignal} options.signal
 * @param {(rows: any[], isWhole: boolean) => void} options.onRows further rows, or all there are to show
 */
export function pagedList({ path, member, signal, onRows }) {
  /** @type {string | null} */ let cursor = null;
  /** @type {any[]} */ let known = [];
  let newest = "";
  const more = h("button", { type: "button", class: "button button-quiet", text: "Show older ones", hidden: true });
  /** @param {string | null} from */
  const ask = async (from) => {
    const joint = path.includes("?") ? "&" : "?";
    const answer = await api(from ? `${path}${joint}cursor=${encodeURIComponent(from)}` : path, { signal });
    const rows = Array.isArray(answer) ? answer : answer?.[member] ?? answer?.items ?? [];
    /** @type {string | null} */
    const next = answer?.cursor ?? answer?.nextCursor ?? answer?.next_cursor ?? null;
    return { rows: /** @type {any[]} */ (Array.isArray(rows) ? rows : []), next };
  };
  const load = async () => {
    const isFirst = known.length === 0;
    const { rows, next } = await ask(cursor);
    if (isFirst) newest = JSON.stringify(rows);
    known = [...known, ...rows];
    cursor = next;
    more.hidden = !cursor;
    onRows(rows, isFirst);
  };
  /** Reads the first page again; older rows stay as they are. */
  const refresh = async () => {
    const { rows, next } = await ask(null);
    const text = JSON.stringify(rows);
    if (signal.aborted || text === newest) return;
    newest = text;
    const ids = new Set(rows.map((row) => row.id));
    const older = known.filter((row) => !ids.has(row.id));
    // Where nothing joins what is known, the pages begin anew.
    const joins = known.some((row) => ids.has(row.id));
    known = joins ? [...rows, ...older] : rows;
    if (!joins) cursor = next;
    more.hidden = !cursor;
    onRows(known, true);
  };
  more.addEventListener("click", async () => {
    more.disabled = true;
    await load().catch((error) => {
      if (!signal.aborted) toast(error instanceof Error ? error.message : "More could not be loaded.", "problem");
    });
    more.disabled = false;
  });
  return { more, load, refresh };
}
