"""Audits of a page as it is shown: structure, contrast, target sizes, names and width."""

STRUCTURE = """() => {
  const problems = [];
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((i) => i === id).length > 1) problems.push(`id twice: ${id}`);
  if (!document.documentElement.lang) problems.push("no language");
  if (!document.title) problems.push("no title");
  if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
  let level = 1;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) problems.push(`heading skips a level: ${heading.textContent}`);
    level = next;
  }
  for (const field of document.querySelectorAll("input, select, textarea"))
    if (field.type !== "hidden" && !field.labels?.length && !field.getAttribute("aria-label")) problems.push(`no label: ${field.id}`);
  for (const control of document.querySelectorAll("a[href], button"))
    if (control.checkVisibility() && !(control.textContent.trim() || control.getAttribute("aria-label"))) problems.push("control without a name");
  for (const attribute of ["style", "onclick"])
    if (document.querySelector(`[${attribute}]`)) problems.push(`attribute ${attribute}`);
  if ([...document.scripts].some((s) => !s.src)) problems.push("inline script");
  return problems;
}"""

# WCAG 2.2: 1.4.3 for every element that shows text of its own; 2.5.8 for controls outside sentences.
CONTRAST = """() => {
  const channels = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const c = channels(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.closest(".visually-hidden, [hidden], :disabled, .skip, noscript, svg")) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(channels(style.color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return found;
}"""

TARGETS = """() => [...document.querySelectorAll("button, input, select, nav a, .button")]
  .filter((e) => e.checkVisibility() && !e.closest(".visually-hidden"))
  .map((e) => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width < 24 || r.height < 24)
  .map(([e, r]) => `${e.tagName} ${e.id || e.textContent.trim().slice(0, 20)} ${r.width}x${r.height}`)"""

# What a screen reader meets: every control in the accessibility tree has a name, every picture a text.
NAMES = """() => {
  const found = [];
  const named = (e) => e.getAttribute("aria-label") || e.getAttribute("title") || e.textContent.trim()
    || (e.getAttribute("aria-labelledby") ?? "").split(/\\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join("").trim();
  for (const e of document.querySelectorAll("[role=img], img, [role=group], nav, dialog, section[aria-labelledby]"))
    if (e.checkVisibility() && !e.closest("[aria-hidden=true]") && !(e.getAttribute("alt") ?? named(e))) found.push(`no name: ${e.tagName} ${e.className.baseVal ?? e.className}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for"])
    for (const e of document.querySelectorAll(`[${attribute}]`))
      for (const id of e.getAttribute(attribute).split(/\\s+/))
        if (!document.getElementById(id)) found.push(`${attribute} names nothing: ${id}`);
  for (const e of document.querySelectorAll("[aria-hidden=true]"))
    if (e.querySelector("a[href], button, input, select, textarea, [tabindex='0']")) found.push(`focusable but hidden: ${e.className}`);
  for (const e of document.querySelectorAll("[tabindex]"))
    if (Number(e.getAttribute("tabindex")) > 0) found.push(`tabindex above zero: ${e.tagName}`);
  for (const t of document.querySelectorAll("table")) {
    if (!t.querySelector("caption") && !t.getAttribute("aria-label") && !t.closest("figure, .prose")) found.push("table without a caption");
    for (const cell of t.querySelectorAll("thead th")) if (!cell.scope && !t.closest(".prose")) found.push(`th without scope: ${cell.textContent}`);
  }
  const marks = [...document.querySelectorAll("main")].length;
  if (marks !== 1) found.push(`${marks} main landmarks`);
  for (const list of document.querySelectorAll("ul, ol"))
    for (const child of list.children) if (child.tagName !== "LI") found.push(`${child.tagName} in a list`);
  return found;
}"""

OVERFLOW = """() => {
  const over = document.documentElement.scrollWidth - window.innerWidth;
  if (over <= 0) return [];
  const widest = [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 0.5)
    .slice(0, 3).map((e) => `${e.tagName}.${e.className.baseVal ?? e.className}`);
  return [`scrolls sideways by ${over} px: ${widest.join(", ")}`];
}"""

AUDITS = {
    "contrast": CONTRAST, "targets": TARGETS, "structure": STRUCTURE, "names": NAMES,
    "width": OVERFLOW,
}


def audit(page):
    """What is wrong with the page as it is shown now, as texts."""
    return [f"{name}: {text}" for name, script in AUDITS.items() for text in page.evaluate(script)]
