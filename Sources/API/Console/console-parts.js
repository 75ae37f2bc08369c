// Parts that several views use: tables, messages, questions, forms.
import { announcer, count, element, find, wait } from "/common.js";

/** Says something to screen readers. */
export const say = announcer(find("said"));

/** The heading of a view with what stands beside it. */
export const head = (title, ...beside) => element("div", { class: "head" }, element("h1", {}, title), ...beside);

/** Shows a message in a place: `kind` is refusal, done or notice; without a text the message goes. */
export function tell(place, kind, text) {
  place.replaceChildren(...(text ? [element("p", { class: kind }, text)] : []));
  if (text) say(text);
}

/** What a problem says to the user: its detail, and when to try again. */
export const explain = ({ problem, retryAfter }) =>
  `${problem.detail}${retryAfter && problem.code !== "offline" ? ` Try again in ${retryAfter} s.` : ""}`;

/** A table that scrolls in itself. `columns` are titles, or `{ title, number: true }`; a cell is a text or an element. */
export function table(caption, columns, rows, { empty = "Nothing." } = {}) {
  if (rows.length === 0) return element("p", { class: "card note" }, empty);
  const kinds = columns.map((column) => (column.number ? { class: "number" } : {}));
  return element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, columns.map((column, index) =>
        element("th", { scope: "col", ...kinds[index] }, column.title ?? column)))),
      element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell, index) =>
        (index === 0 ? element("th", { scope: "row", ...kinds[index] }, cell) : element("td", kinds[index], cell))))))));
}

/**
 * Shows an element in a place instead of what was there, if it differs: what is drawn again every few seconds keeps the focus
 * and where a table was scrolled to.
 */
export function redraw(place, made) {
  const before = place.firstElementChild;
  if (before?.isEqualNode(made)) return;
  const name = (target) => `${target.closest("tr")?.firstElementChild.textContent} ${target.getAttribute("aria-label") ?? target.textContent}`;
  const focused = place.contains(document.activeElement) && name(document.activeElement);
  const left = before?.scrollLeft;
  place.replaceChildren(made);
  if (left) made.scrollLeft = left;
  if (focused) [made, ...made.querySelectorAll("a, button")].find((target) => name(target) === focused)?.focus({ preventScroll: true });
}

/** Calls a function at once and then two seconds after each call, while the page is visible, until a signal is aborted. */
export async function repeat(body, signal) {
  while (!signal.aborted) {
    if (document.visibilityState === "visible") await body();
    await wait(2, signal);
  }
}

/** A number in a table; nothing for undefined. */
export const number = (value) => (value === undefined ? "" : count(value));

/** A time as "2026-11-29 14:32:10" in the reader's time zone, or in the form of an input with "T" between. */
export function local(value, between = " ") {
  const date = new Date(value);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace("T", between);
}

/** A time in a table, exact in its title. */
export const time = (value) => (value ? element("time", { datetime: value, title: value }, local(value)) : "");

const KINDS = {
  open: "good", confirmed: "good", consistent: "good", done: "good", complete: "good", active: "good", delivered: "good",
  paused: "warn", held: "warn", pending: "warn", waiting: "warn", stopped: "warn", admitting: "good", repaired: "warn", started: "warn", retrying: "warn", scheduled: "",
  rejected: "bad", failed: "bad", failing: "bad", gone: "bad", dead: "bad", "not-safe-to-repair": "bad", "not-compared": "bad",
};

/** A state as a tag. */
export const tag = (state) => element("span", { class: `tag ${KINDS[state] ?? ""}` }, state.replaceAll(/[_-]/g, " "));

/** Runs an action of a button, which is disabled meanwhile. */
export function button(text, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try { await action(); } finally { made.disabled = false; }
  });
  return made;
}

/**
 * Asks before something is done. With `word`, the user has to type it first. `action` returns undefined, or the text of a
 * refusal, which is shown in the dialog. `after` is called when the dialog is closed because the action was done.
 */
export function ask({ title, text, word, verb, action, after, isDangerous = true }) {
  const place = element("div");
  const typed = word && element("input", { id: "typed", autocomplete: "off", spellcheck: "false" });
  const go = element("button", { type: "submit", class: isDangerous ? "danger" : "main", disabled: Boolean(word) }, verb);
  const dialog = element("dialog", { "aria-labelledby": "question" }, element("form", {},
    element("h2", { id: "question" }, title), element("p", {}, text), place,
    word && element("label", {}, element("span", {}, "Type ", element("code", {}, word), " to go on"), typed),
    element("p", { class: "buttons" }, go, element("button", { type: "button", click: () => dialog.close() }, "Cancel"))));
  typed?.addEventListener("input", () => { go.disabled = typed.value !== word; });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.firstChild.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (word && typed.value !== word) return;
    go.disabled = true;
    const refusal = await action();
    if (refusal === undefined) { dialog.close(); after?.(); return; }
    tell(place, "refusal", refusal);
    go.disabled = false;
  });
  document.body.append(dialog);
  dialog.showModal();
}
