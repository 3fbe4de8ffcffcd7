// @ts-check
// Who is signed in, and where else: sessions can be ended one by one or all at once.

import { api, ApiError } from "../api.js";
import { h, replace, setText } from "../dom.js";
import { dateTime } from "../format.js";
import { signOut } from "../session.js";
import { toast } from "../toast.js";

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, signal } = context;
  const [user, sessions] = await Promise.all([
    api("/auth/user", { signal }),
    api("/auth/sessions", { signal }).catch((error) => {
      if (error instanceof ApiError && error.status !== 401) return null;
      throw error;
    }),
  ]);
  if (signal.aborted) return "Profile";
  replace(
    root,
    h("h1", { text: "Profile" }),
    h("section", { class: "panel", "aria-labelledby": "whoTitle" },
      h("h2", { id: "whoTitle", text: String(user?.username ?? "Your account") }),
      h("dl", { class: "pairs" },
        pair("E-mail", user?.email ? `${user.email}${user.emailVerified === false || user.email_verified === false ? " (not confirmed)" : ""}` : "none given"),
        pair("Member since", dateTime(user?.createdAt))),
      h("button", { type: "button", id: "signOut", class: "button button-main", text: "Sign out", on: { click: leave } })),
    sessionsPanel(context, sessions),
    passwordPanel());
  return "Profile";
}

async function leave() {
  const address = await signOut();
  window.location.assign(address ?? "/");
}

/** @param {string} name @param {string} value */
function pair(name, value) {
  return h("div", {}, h("dt", { text: name }), h("dd", { text: value }));
}

/** @param {import("../app.js").Context} context @param {any} answer */
function sessionsPanel({ reload }, answer) {
  const list = Array.isArray(answer) ? answer : answer?.sessions ?? [];
  const end = (/** @type {string} */ path, /** @type {string} */ done, /** @type {boolean} */ isHere) => async () => {
    try {
      await api(path, { method: "DELETE" });
      if (isHere) return await leave();
      toast(done);
      reload();
    } catch (error) {
      toast(error instanceof ApiError ? error.message : "That did not work.", "problem");
    }
  };
  return h("section", { class: "panel", "aria-labelledby": "sessionsTitle" },
    h("h2", { id: "sessionsTitle", text: "Where you are signed in" }),
    list.length === 0 ? h("p", { class: "empty", text: "No sessions are listed." }) : null,
    h("ul", { class: "sessions" }, list.map((/** @type {any} */ session) => {
      const id = String(session.sid ?? session.id ?? "");
      const isHere = session.current === true;
      return h("li", {},
        h("div", {}, h("strong", { text: isHere ? "This browser" : place(session) }),
          h("p", { class: "hint", text: `Signed in ${dateTime(session.createdAt)} · last seen ${dateTime(session.lastSeen ?? session.lastSeenAt ?? session.createdAt)}` })),
        h("button", {
          type: "button", class: "button button-quiet button-small", text: "End",
          "aria-label": isHere ? "End the session in this browser" : "End this session",
          on: { click: end(`/auth/sessions/${encodeURIComponent(id)}`, "The session was ended.", isHere) },
        }));
    })),
    h("div", { class: "row-actions" },
      h("button", { type: "button", class: "button button-quiet", text: "End all others", on: { click: end("/auth/sessions?keep=current", "All other sessions were ended.", false) } }),
      h("button", { type: "button", id: "signOutEverywhere", class: "button button-quiet", text: "Sign out everywhere", on: { click: end("/auth/sessions", "", true) } })));
}

/** @param {any} session */
function place(session) {
  const agent = String(session.agent ?? session.userAgent ?? "").trim();
  return agent ? agent.slice(0, 60) : "Another place";
}

function passwordPanel() {
  const problem = h("p", { class: "field-problem", role: "alert", id: "passwordProblem" });
  const old = h("input", { id: "oldPassword", type: "password", autocomplete: "current-password", required: true });
  const next = h("input", { id: "newPassword", type: "password", autocomplete: "new-password", required: true, "aria-describedby": "newPasswordHint passwordProblem" });
  const form = h("form", { id: "passwordForm", class: "fields", novalidate: true },
    h("label", { class: "field" }, h("span", { text: "Password now" }), old),
    h("label", { class: "field" }, h("span", { text: "New password" }), next),
    h("p", { class: "hint", id: "newPasswordHint", text: "At least 15 characters. Your other sessions are ended." }),
    problem, h("button", { type: "submit", class: "button button-quiet", text: "Change the password" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!old.value || [...next.value].length < 15) {
      setText(problem, old.value ? "The new password needs at least 15 characters." : "Please enter the password that you use now.");
      return;
    }
    setText(problem, "");
    try {
      await api("/auth/password", { method: "POST", body: { currentPassword: old.value, newPassword: next.value } });
      form.reset();
      toast("The password was changed.");
    } catch (error) {
      setText(problem, error instanceof ApiError ? error.message : "The password was not changed.");
    }
  });
  return h("section", { class: "panel", "aria-labelledby": "passwordTitle" }, h("h2", { id: "passwordTitle", text: "Password" }), form);
}
