// @ts-check
// One run of the trade workflow: its graph, and each step with input, output and time.

import { api } from "../api.js";
import { h, replace, s } from "../dom.js";
import { date, dateTime } from "../format.js";
import { duration, reason, steps, unpack } from "../execution-model.js";
import { added, jsonBlock } from "../json-view.js";
import { empty, hint, lede, link, panel, stateBadge } from "../ui.js";

const WORDS = {
  SUCCEEDED: "Succeeded", FAILED: "Failed", RUNNING: "Running", TIMED_OUT: "Timed out", ABORTED: "Stopped",
};
const MARKS = { done: "✓", failed: "✗", caught: "↷", running: "…" };
const NODE = { width: 240, height: 52, gap: 34 };

/** @type {import("../app.js").View} */
export async function view({ root, params, signal, reload }) {
  const path = `/trade/executions/${encodeURIComponent(params.id ?? "")}`;
  const [run, history] = await Promise.all([api(path, { signal }), api(`${path}/history`, { signal })]);
  if (signal.aborted) return "Run";
  const events = Array.isArray(history) ? history : history?.events ?? run?.events ?? [];
  const found = steps(events);
  const from = date(run?.startDate ?? run?.startedAt ?? run?.start);
  const to = date(run?.stopDate ?? run?.endedAt ?? run?.stop);
  const output = /** @type {any} */ (unpack(run?.output));
  const word = WORDS[/** @type {keyof typeof WORDS} */ (run?.status)] ?? String(run?.status ?? "Unknown");
  const message = output?.trade?.message;
  replace(
    root,
    h("p", { class: "kicker" }, link("/app/transactions", "History"), h("span", { "aria-hidden": "true", text: " / " }), "Run"),
    h("div", {},
      h("h1", { text: "Run of a trade" }),
      message ? lede(`${message}.`) : null,
      run?.error ? h("p", { class: "notice notice-problem run-error", text: reason(run.error, run.cause) }) : null),
    h("dl", { class: "figures run-figures" },
      fact("State", stateBadge(String(run?.status).toLowerCase(), word)),
      fact("Took", duration(from, to)),
      fact("Steps", String(found.length)),
      fact("Started", from ? h("time", { datetime: from.toISOString(), text: dateTime(from.getTime()) }) : "–")),
    h("div", { class: "run-grid" },
      panel("graphTitle", "Path", graph(found, String(run?.status ?? ""))),
      panel("stepsTitle", "Steps",
        found.length === 0 ? empty("No steps are recorded.") : hint("Each bar stands where the step lay in the run. Open one to see what went in and what came out."),
        h("div", { class: "steps" }, found.map((step, i) => stepRow(step, i, from, to))))),
    h("details", { class: "panel whole" },
      h("summary", {}, h("span", { class: "step-name", text: "The whole run as data" })),
      hint(`Name: ${String(run?.name ?? run?.id ?? params.id)}`),
      jsonBlock("Input", unpack(run?.input)), jsonBlock("Output", output),
      run?.error ? jsonBlock("Cause", unpack(run.cause)) : null));
  if (run?.status === "RUNNING") {
    const timer = window.setTimeout(reload, 2000);
    signal.addEventListener("abort", () => clearTimeout(timer));
  }
  return "Run of a trade";
}

/** A chain from Start to End; the list beside it says the same in words.
 * @param {import("../execution-model.js").Step[]} found @param {string} status */
function graph(found, status) {
  const end = { name: "End", status: status === "RUNNING" ? "ahead" : "edge" };
  const nodes = [{ name: "Start", status: "edge" }, ...found, end];
  const height = nodes.length * (NODE.height + NODE.gap) - NODE.gap + 4;
  const middle = NODE.width / 2 + 2;
  const svg = s("svg", {
    class: "graph", viewBox: `0 0 ${NODE.width + 4} ${height}`, role: "img",
    "aria-label": `Steps in order: ${nodes.map((n) => n.name).join(", ")}`,
  });
  nodes.forEach((node, i) => {
    const y = 2 + i * (NODE.height + NODE.gap);
    if (i > 0) {
      svg.append(s("path", { class: "graph-edge", d: `M${middle} ${y - NODE.gap}V${y - 7}` }),
        s("path", { class: "graph-tip", d: `M${middle - 5} ${y - 8}h10L${middle} ${y - 1}Z` }));
    }
    const step = "from" in node ? node : null;
    const text = (/** @type {number} */ at, /** @type {string} */ words, /** @type {string} */ name = "") =>
      s("text", {
        class: name || null, x: middle, y: at, "text-anchor": "middle", "dominant-baseline": "middle",
        text: words,
      });
    svg.append(s("g", { class: "graph-node", "data-state": node.status },
      s("rect", { x: 2, y, width: NODE.width, height: NODE.height, rx: step ? 8 : NODE.height / 2 }),
      text(y + (step ? 22 : NODE.height / 2), node.name),
      step ? text(y + 39, `${MARKS[step.status]} ${duration(step.from, step.to)}`, "graph-time") : null));
  });
  return svg;
}

/** @param {string} name @param {Node | string} value */
const fact = (name, value) => h("div", { class: "figure" }, h("dt", { text: name }), h("dd", {},
  h("span", { class: "figure-value" }, value)));

/**
 * @param {import("../execution-model.js").Step} step
 * @param {number} i @param {Date | null} from @param {Date | null} to
 */
function stepRow(step, i, from, to) {
  const tries = step.tries > 1 ? ` · ${step.tries} tries` : "";
  return h("details", { class: "step", data: { state: step.status }, open: i === 0 },
    h("summary", {},
      h("span", { class: "step-name" }, h("span", { class: "step-mark", "aria-hidden": "true", text: MARKS[step.status] }), `${i + 1}. ${step.name}`),
      timeline(step, from, to),
      h("span", { class: "hint num", text: `${step.kind} · ${duration(step.from, step.to)}${tries}` })),
    step.error ? h("p", { class: "field-problem", text: step.error }) : null,
    h("div", { class: "step-data" },
      jsonBlock("Input", step.input), jsonBlock("Output", step.output, added(step.input, step.output))));
}

/**
 * Where in the run the step lay.
 * @param {import("../execution-model.js").Step} step @param {Date | null} from
 * @param {Date | null} to
 */
function timeline(step, from, to) {
  if (!from || !to || !step.from || !step.to) return h("span");
  const whole = Math.max(1, to.getTime() - from.getTime());
  const width = Math.min(100, Math.max(2, ((step.to.getTime() - step.from.getTime()) / whole) * 100));
  const x = Math.min(100 - width, ((step.from.getTime() - from.getTime()) / whole) * 100);
  return s("svg", {
    class: "timeline", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false",
  },
    s("rect", { class: "timeline-all", x: 0, y: 0, width: 100, height: 4 }),
    s("rect", { class: "timeline-step", x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 4 }));
}
