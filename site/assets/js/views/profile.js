// @ts-check
// Who is signed in, and where else: sessions can be ended one by one or all at once.

import { api, ApiError } from "../api.js";
import { h, replace, setText } from "../dom.js";
import { dateTime } from "../format.js";
import { signOut, username } from "../session.js";
import { toast } from "../toast.js";
import { button, empty, field, hint, pairs, panel, problemLine } from "../ui.js";

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, signal } = context;
  const [user, sessions] = await Promise.all([
    api("/auth/user", { signal }).catch((error) => {
      // Signed in with a provider of its own, such as Cognito: the account is not kept here.
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }),
    api("/auth/sessions", { signal }).catch((error) => {
      if (error instanceof ApiError && error.status !== 401) return null;
      throw error;
    }),
  ]);
  if (signal.aborted) return "Profile";
  const facts = user
    ? pairs([["E-mail", address(user)], ["Member since", dateTime(user.createdAt)]])
    : hint("Password and sessions of this account are kept by its own sign-in service.");
  replace(
    root,
    h("h1", { text: "Profile" }),
    panel("whoTitle", String(user?.username ?? (username() || "Your account")), facts,
      button("Sign out", { kind: "main", id: "signOut", onClick: leave })),
    ...(user ? [sessionsPanel(context, sessions), passwordPanel()] : []));
  return "Profile";
}

async function leave() {
  const address = await signOut();
  window.location.assign(address ?? "/");
}

/** @param {any} user */
function address(user) {
  if (!user?.email) return "none given";
  return user.emailVerified === false ? `${user.email} (not confirmed)` : String(user.email);
}

/** @param {import("../app.js").Context} context @param {any} answer */
function sessionsPanel({ reload }, answer) {
  const list = Array.isArray(answer) ? answer : answer?.sessions ?? [];
  /**
   * @param {string} path
   * @param {string | null} done what is said; null when this session ends, too
   */
  const end = (path, done) => async () => {
    try {
      await api(path, { method: "DELETE" });
      if (done === null) return await leave();
      toast(done);
      reload();
    } catch (error) {
      toast(error instanceof ApiError ? error.message : "That did not work.", "problem");
    }
  };
  return panel("sessionsTitle", "Where you are signed in",
    list.length === 0 ? empty("No sessions are listed.") : null,
    h("ul", { class: "sessions" }, list.map((/** @type {any} */ session) => {
      const id = String(session.sid ?? session.id ?? "");
      const isHere = session.current === true;
      const times = `Signed in ${dateTime(session.createdAt)} · last seen ${dateTime(session.lastSeen)}`;
      return h("li", {},
        h("div", {}, h("strong", { text: isHere ? "This browser" : place(session) }), hint(times)),
        button("End", {
          kind: "quiet small",
          "aria-label": isHere ? "End the session in this browser" : "End this session",
          onClick: end(`/auth/sessions/${encodeURIComponent(id)}`, isHere ? null : "The session was ended."),
        }));
    })),
    h("div", { class: "row-actions" },
      button("End all others", {
        onClick: end("/auth/sessions?keep=current", "All other sessions were ended."),
      }),
      button("Sign out everywhere", { id: "signOutEverywhere", onClick: end("/auth/sessions", null) })));
}

/** @param {any} session */
function place(session) {
  const agent = String(session.agent ?? session.userAgent ?? "").trim();
  return agent ? agent.slice(0, 60) : "Another place";
}

function passwordPanel() {
  const problem = problemLine("passwordProblem");
  const old = h("input", {
    id: "oldPassword", type: "password", autocomplete: "current-password", required: true,
    "aria-describedby": "passwordProblem",
  });
  const next = h("input", {
    id: "newPassword", type: "password", autocomplete: "new-password", required: true,
    "aria-describedby": "newPasswordHint passwordProblem",
  });
  const form = h("form", { id: "passwordForm", class: "fields", novalidate: true },
    field("Password now", old), field("New password", next),
    hint("At least 15 characters. Your other sessions are ended.", "newPasswordHint"),
    problem, button("Change the password", { type: "submit" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!old.value || [...next.value].length < 15) {
      setText(problem, old.value
        ? "The new password needs at least 15 characters."
        : "Please enter the password that you use now.");
      return;
    }
    setText(problem, "");
    try {
      const body = { currentPassword: old.value, newPassword: next.value };
      await api("/auth/change-password", { method: "POST", body });
      form.reset();
      toast("The password was changed.");
    } catch (error) {
      setText(problem, error instanceof ApiError ? error.message : "The password was not changed.");
    }
  });
  return panel("passwordTitle", "Password", form);
}
