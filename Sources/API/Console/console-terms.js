// The form of an event's terms.
import { element } from "/common.js";
import { explain, local, tell } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local time";

const FIELDS = [
  { name: "name", title: "Name", type: "text", attributes: { maxlength: 200 } },
  { name: "capacity", title: "Capacity", hint: "units in all", type: "number", attributes: { min: 0, max: 1e9 } },
  { name: "max_quantity", title: "Units of one order", hint: "at most; 10 if left empty", type: "number", attributes: { min: 1, max: 1000 } },
  { name: "per_customer_limit", title: "Units of one customer", hint: "at most, in all orders; empty for no limit", type: "number", attributes: { min: 1, max: 1e6 }, isOptional: true },
  { name: "hold_seconds", title: "Hold in seconds", hint: "until an order is confirmed; empty to sell at once", type: "number", attributes: { min: 1, max: 604800 }, isOptional: true },
  { name: "max_orders", title: "Orders of one buyer", hint: "at most; empty for no limit", type: "number", attributes: { min: 1, max: 1e6 }, isOptional: true },
  { name: "max_holds", title: "Holds of one buyer", hint: "at the same time; empty for no limit", type: "number", attributes: { min: 1, max: 1e6 }, isOptional: true },
  { name: "hold_pause_seconds", title: "Pause after a lapsed hold", hint: "seconds; empty for none", type: "number", attributes: { min: 1, max: 3600 }, isOptional: true },
  { name: "waitlist", title: "Waiting list", hint: "who finds nothing left can wait for what comes back", type: "checkbox" },
  { name: "offer_seconds", title: "Offer in seconds", hint: "to who waits; as other holds if left empty", type: "number", attributes: { min: 10, max: 604800 }, isOptional: true },
  { name: "admission_rate", title: "Admissions a second", hint: "of a waiting room; empty for none", type: "number", attributes: { min: 1, max: 1e5 }, isOptional: true },
  { name: "pass_seconds", title: "Pass in seconds", hint: "to buy once admitted; 600 if left empty", type: "number", attributes: { min: 10, max: 3600 } },
  { name: "lobby_opens_at", title: "Waiting room from", hint: `${ZONE}; before the sale, or empty for at once`, type: "datetime-local", attributes: { step: 1 }, isOptional: true },
  { name: "opens_at", title: "Opens", hint: ZONE, type: "datetime-local", attributes: { step: 1 }, isOptional: true },
  { name: "closes_at", title: "Closes", hint: ZONE, type: "datetime-local", attributes: { step: 1 }, isOptional: true },
];

const shownValue = (field, value) => (value === undefined ? "" : field.type === "datetime-local" ? local(value, "T") : String(value));

/** What an input has, as a text. */
const textOf = (input) => (input.type === "checkbox" ? String(input.checked) : input.value);

/** The value of a field as the API takes it. */
function value(field, text) {
  if (field.type === "checkbox") return text === "true";
  if (text === "") return null;
  if (field.type === "number") return Number(text);
  return field.type === "datetime-local" ? new Date(text).toISOString().replace(".000", "") : text;
}

/**
 * A form for a new event (`known` is null), or for the terms of `known`, that is `{ event, tag }`. Only what was changed is
 * sent, with `If-Match`: nothing is changed if somebody else has changed the terms meanwhile; then `reload` reads them.
 */
export function editor(known, done, reload) {
  const place = element("div");
  const idInput = element("input", { name: "id", required: true, maxlength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", autocomplete: "off" });
  const inputs = FIELDS.map((field) => {
    const input = element("input", {
      name: field.name, type: field.type, autocomplete: "off", disabled: !mayChange(),
      required: field.name === "capacity", ...field.attributes,
    });
    if (field.type === "checkbox") input.checked = known?.event[field.name] === true;
    else input.value = shownValue(field, known?.event[field.name]);
    return { field, input, before: textOf(input) };
  });
  const save = element("button", { class: "main" }, known ? "Save" : "Create");
  const form = element("form", { class: "fields" },
    !known && element("label", {}, "Id ", element("small", {}, "letters, digits, dot, hyphen, underscore"), idInput),
    inputs.map(({ field, input }) => {
      const text = element("span", {}, `${field.title} `, element("small", {}, field.hint ?? "as buyers see it"));
      return field.type === "checkbox" ? element("label", { class: "check" }, input, text) : element("label", {}, text, input);
    }),
    mayChange() && element("p", { class: "buttons" }, save));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changed = inputs.filter(({ input, before }) => textOf(input) !== before);
    const emptied = changed.find(({ field, input }) => input.value === "" && !field.isOptional && known);
    if (emptied) return tell(place, "refusal", `${emptied.field.title} cannot be empty.`);
    if (known && changed.length === 0) return tell(place, "notice", "Nothing is changed.");
    const body = Object.fromEntries(changed.filter(({ input }) => known || input.value !== "").map(({ field, input }) => [field.name, value(field, textOf(input))]));
    save.disabled = true;
    const id = known?.event.id ?? idInput.value;
    const response = await call(`/events/${encodeURIComponent(id)}`, {
      method: "PUT", body, headers: known ? { "If-Match": known.tag } : { "If-None-Match": "*" },
    });
    save.disabled = false;
    if (response.ok) return done(response.body);
    tell(place, "refusal", response.status === 412 && !known ? `There is an event ${id} already.` : explain(response));
    if (response.status === 412 && known) {
      place.append(element("p", {}, element("button", { type: "button", click: () => reload() }, "Show the present terms")));
    }
    inputs.find(({ field }) => field.name === response.problem.field)?.input.focus();
    return undefined;
  });
  return element("div", {}, place, form);
}
