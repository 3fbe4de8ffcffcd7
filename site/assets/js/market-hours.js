// @ts-check
// Whether the market trades, asked again when that changes.

import { api } from "./api.js";
import { date } from "./format.js";

/** @typedef {{ isOpen: boolean, opens: Date | null }} Hours */

const SOONEST_MS = 5_000;
const LATEST_MS = 900_000;
const AGAIN_MS = 60_000;

/** Tells the hours now and at each change; once where the market never closes.
 * @param {(hours: Hours) => void} tell */
export function followHours(tell) {
  const ask = async () => {
    let wait = AGAIN_MS;
    try {
      const clock = await api("/market/clock", { open: true });
      const [now, opens, closes] = [clock?.timestamp, clock?.next_open, clock?.next_close].map(date);
      tell({ isOpen: clock?.is_open !== false, opens });
      const change = clock?.is_open === false ? opens : closes;
      if (!change || !now) return;
      // A simulated market may run faster than the clock on the wall.
      const left = (change.getTime() - now.getTime()) / (clock.speed || 1);
      wait = Math.min(Math.max(left, SOONEST_MS), LATEST_MS);
    } catch {
      // The prices say already that nobody answers.
    }
    window.setTimeout(ask, wait);
  };
  void ask();
}
