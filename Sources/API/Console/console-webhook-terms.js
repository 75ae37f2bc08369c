// The form of what a webhook wants.
import { element } from "/common.js";
import { explain, tell } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

const TYPES = ["order.held", "order.confirmed", "order.cancelled", "order.expired", "order.rejected", "event.sold_out", "event.changed"];
const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * A form for a new webhook (`known` is null), or for the terms of `known`. Only what was changed is sent. `done` gets the
 * response, which has the secret if the webhook is new.
 */
export function editor(known, done) {
  const place = element("div");
  const disabled = !mayChange();
  const input = (name, attributes = {}) => element("input", { name, autocomplete: "off", spellcheck: "false", disabled, ...attributes });
  const check = (name, isChecked, attributes) => {
    const made = input(name, { type: "checkbox", ...attributes });
    made.checked = isChecked;
    return made;
  };
  const id = input("id", { required: true, maxlength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*" });
  const url = input("url", { maxlength: 2048, inputmode: "url" });
  const events = input("events");
  const paused = check("paused", false);
  // A type of a later release stays chosen.
  const types = [...new Set([...TYPES, ...(known?.types ?? [])])].map((type) => check("types", known?.types?.includes(type) ?? false, { value: type }));
  url.value = known?.url ?? "";
  events.value = known?.events?.join(" ") ?? "";

  const values = () => {
    const [chosen, named] = [types.filter(({ checked }) => checked).map(({ value }) => value), events.value.split(/[\s,]+/).filter(Boolean)];
    return { url: url.value.trim() || null, types: chosen.length > 0 ? chosen : null, events: named.length > 0 ? named : null, ...(!known && { paused: paused.checked }) };
  };
  const before = values();
  const save = element("button", { class: "main" }, known ? "Save" : "Create");
  const form = element("form", { class: "fields" },
    !known && element("label", {}, "Id ", element("small", {}, "letters, digits, dot, hyphen, underscore"), id),
    element("label", { class: "whole" }, "URL ", element("small", {}, "https://…; empty if the changes are only read"), url),
    element("label", { class: "whole" }, "Events ", element("small", {}, "their ids, with spaces between; empty for all"), events),
    element("fieldset", {}, element("legend", {}, "Changes ", element("small", {}, "none chosen: all")),
      types.map((box) => element("label", { class: "check" }, box, box.value))),
    !known && element("label", { class: "check" }, paused, "Paused: nothing is sent until you resume it"),
    mayChange() && element("p", { class: "buttons" }, save));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = Object.fromEntries(Object.entries(values()).filter(([name, value]) => !equal(value, before[name])));
    if (known && Object.keys(body).length === 0) return tell(place, "notice", "Nothing is changed.");
    save.disabled = true;
    const response = await send(known?.id ?? id.value, body);
    save.disabled = false;
    if (response.ok) return done(response.body);
    tell(place, "refusal", explain(response));
    form.elements.namedItem(response.problem.field ?? "")?.focus?.();
    return undefined;
  });
  /** Sends the terms, unless the webhook is to be new and is there. */
  async function send(name, body) {
    const path = `/admin/webhooks/${encodeURIComponent(name)}`;
    const present = known ? null : await call(path);
    if (present?.ok) return { ok: false, problem: { detail: `There is a webhook ${name} already.`, field: "id" } };
    if (present && present.problem.code !== "webhook-not-found") return present;
    return call(path, { method: "PUT", body });
  }
  return element("div", {}, place, form);
}
