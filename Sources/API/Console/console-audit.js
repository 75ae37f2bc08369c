// The audit trail: who changed what, and when.
import { element } from "/common.js";
import { button, explain, head, table, tag, tell, time } from "/console/parts.js";
import { call } from "/console/session.js";

export const audit = { title: "Audit", show };

/** Lines of the trail as a table. */
export const lines = (caption, entries) => table(caption, ["When", "Who", "What", "On", "Change", "Outcome", "Request"],
  entries.map((entry) => [
    time(entry.at), entry.actor, entry.action, subject(entry), change(entry),
    element("span", {}, tag(entry.outcome), entry.reason && ` ${entry.reason}`),
    element("span", {}, element("code", {}, entry.request_id ?? ""), entry.address && ` from ${entry.address}`),
  ]), { empty: "No changes." });

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function subject({ action, subject: name }) {
  if (action.startsWith("event.") && action !== "event.delete") return element("a", { href: `#events/${encodeURIComponent(name)}` }, name);
  if (action.startsWith("webhook.") && action !== "webhook.delete") return element("a", { href: `#webhooks/${encodeURIComponent(name)}` }, name);
  return UUID.test(name) && action.startsWith("order.") ? element("a", { href: `#orders/${name}` }, element("code", {}, name)) : element("code", {}, name);
}

/** What was changed: a line for each member, "capacity: 100 → 90". */
function change({ before = {}, after = {} }) {
  const text = (value) => (value === undefined || value === null ? "none" : typeof value === "object" ? JSON.stringify(value) : String(value));
  return element("span", {}, [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => text(before[name]) !== text(after[name]))
    .map((name) => element("div", {}, name in before ? `${name}: ${text(before[name])} → ${text(after[name])}` : `${name}: ${text(after[name])}`)));
}

function show(root, _, parameters) {
  const place = element("div");
  const body = element("div");
  const [subjectInput, actorInput] = ["subject", "actor"].map((name) => {
    const input = element("input", { name, autocomplete: "off", spellcheck: "false", maxlength: 128 });
    input.value = parameters.get(name) ?? "";
    return input;
  });
  const form = element("form", { class: "row" }, element("label", {}, "Event, order, entry or webhook", subjectInput), element("label", {}, "Who", actorInput), element("button", { class: "main" }, "Find"));
  form.addEventListener("submit", (event) => { event.preventDefault(); read(); });
  root.append(head("Audit trail"), form, place, body);
  let found = [];
  async function read(after) {
    const query = new URLSearchParams(Object.entries({ subject: subjectInput.value.trim(), actor: actorInput.value.trim(), after }).filter(([, value]) => value));
    const response = await call(`/admin/audit?${query}`);
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place);
    found = after ? [...found, ...response.body.entries] : response.body.entries;
    const next = response.body.next_after;
    body.replaceChildren(lines("Changes by administrators, the newest first", found), next ? button("More", () => read(next)) : "");
    return undefined;
  }
  read();
}
