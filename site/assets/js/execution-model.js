// @ts-check
// An execution's history (events as Step Functions names them) as a list of steps with times.

import { date } from "./format.js";

/**
 * @typedef {object} Step
 * @property {string} name @property {"done" | "running" | "failed" | "caught"} status @property {string} kind
 * @property {Date | null} from @property {Date | null} to @property {unknown} input @property {unknown} output
 * @property {string} error @property {number} tries
 */

/** @param {any} event @param {string} suffix the details of an event lie in one member of it */
function details(event, suffix) {
  if (event?.details && typeof event.details === "object") return event.details;
  const name = Object.keys(event ?? {}).find((key) => key.endsWith(suffix));
  return name ? event[name] : event;
}

/** JSON in a text is shown as JSON. @param {unknown} value */
export function unpack(value) {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * An error in words: a function's cause is JSON with a sentence for people in it.
 * @param {unknown} error @param {unknown} cause
 */
export function reason(error, cause) {
  const told = /** @type {any} */ (unpack(cause));
  const words = typeof told?.errorMessage === "string" ? told.errorMessage : cause;
  return [error, words].filter((t) => typeof t === "string" && t !== "").join(": ");
}

/** @param {any[]} events @returns {Step[]} */
export function steps(events) {
  /** @type {Step[]} */
  const found = [];
  const open = () => found.findLast((step) => step.status === "running");
  for (const event of events) {
    const type = String(event?.type ?? "");
    const at = date(event?.timestamp ?? event?.time);
    if (type.endsWith("StateEntered")) {
      const more = details(event, "EnteredEventDetails");
      found.push({
        name: String(more.name ?? event.state ?? event.name ?? ""),
        kind: type.replace("StateEntered", ""), status: "running", from: at, to: null,
        input: unpack(more.input), output: undefined, error: "", tries: 0,
      });
    } else if (type.endsWith("StateExited")) {
      const more = details(event, "ExitedEventDetails");
      const name = String(more.name ?? event.state ?? event.name ?? "");
      const step = found.findLast((s) => s.name === name && s.status === "running") ?? open();
      // An error on the way out was caught when no later try succeeded.
      const status = step?.error ? "caught" : "done";
      if (step) Object.assign(step, { status, to: at, output: unpack(more.output) });
    } else if (/^(Task|LambdaFunction)(Scheduled|Started)?$/.test(type) || type === "TaskScheduled") {
      const step = open();
      if (step && !type.endsWith("Started")) step.tries += 1;
    } else if (/^(Task|LambdaFunction)Succeeded$/.test(type)) {
      const step = open();
      if (step) step.error = "";
    } else if (/Failed$|TimedOut$|Aborted$/.test(type)) {
      const step = open();
      const more = details(event, "EventDetails");
      if (step) {
        step.error = reason(more.error ?? type.replace(/^Execution/, ""), more.cause);
        if (type.startsWith("Execution")) Object.assign(step, { status: "failed", to: at });
      }
    }
  }
  return found;
}

/** `12 ms`, `3.4 s` @param {Date | null} from @param {Date | null} to */
export function duration(from, to) {
  if (!from || !to) return "–";
  const ms = to.getTime() - from.getTime();
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
