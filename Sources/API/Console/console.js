// The console: signing in, and the view that the part of the address after # names. Data from the service is inserted as
// text, never as markup. Everything that it does is a route of the API (see /openapi.yaml).
import { element, find, set } from "/common.js";
import { audit } from "/console/audit.js";
import { events } from "/console/events.js";
import { letters } from "/console/letters.js";
import { orders } from "/console/orders.js";
import { overview } from "/console/overview.js";
import { button, explain, say, tell } from "/console/parts.js";
import { comparison } from "/console/comparison.js";
import * as session from "/console/session.js";
import { webhooks } from "/console/webhooks.js";

// A view is `{ title, show(root, path, parameters) }`; show returns a function that ends what it began.
const VIEWS = { overview, events, orders, "dead-letters": letters, compare: comparison, webhooks, audit };
const content = find("content");
let leave = () => {};

function signIn(message) {
  leave();
  leave = () => {};
  for (const id of ["views", "who"]) find(id).hidden = true;
  const place = element("div");
  const input = element("input", { type: "password", required: true, autocomplete: "off", name: "token" });
  const go = element("button", { class: "main" }, "Sign in");
  const form = element("form", {}, place,
    element("label", {}, "Admin token ", element("small", {}, "It is kept until this tab is closed."), input), go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    const problem = await session.signIn(input.value.trim());
    go.disabled = false;
    if (problem) { tell(place, "refusal", problem.detail); input.select(); } else begin();
  });
  content.replaceChildren(element("div", { class: "card signin" }, element("h1", {}, "Sign in"), form));
  if (message) tell(place, "notice", message);
  document.title = "Sign in – TicketBlitz console";
  input.focus();
}

function begin() {
  find("views").replaceChildren(...Object.entries(VIEWS).map(([name, { title }]) => element("a", { href: `#${name}` }, title)));
  find("who").replaceChildren(element("span", {}, `${session.who.name}, ${session.who.role}`), button("Sign out", () => session.signOut()));
  for (const id of ["views", "who"]) find(id).hidden = false;
  route();
}

function route() {
  if (!session.who) return;
  const [path, query] = location.hash.slice(1).split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  if (name === "content") return; // the link that skips the navigation
  const view = VIEWS[name] ?? VIEWS.overview;
  leave();
  const root = element("div");
  content.replaceChildren(root);
  for (const link of find("views").children) set(link, { "aria-current": VIEWS[link.hash.slice(1)] === view && "page" });
  document.title = `${view.title} – TicketBlitz console`;
  leave = view.show(root, rest, new URLSearchParams(query)) ?? (() => {});
  scrollTo(0, 0);
  say(view.title);
}

addEventListener("hashchange", () => { route(); content.focus({ preventScroll: true }); });
session.onEnd(signIn);
const problem = await session.signIn();
if (!problem) begin();
else if (["none", "unauthorized"].includes(problem.code)) signIn();
else signIn(explain({ problem }));
