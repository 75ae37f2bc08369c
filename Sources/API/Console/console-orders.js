// Orders: found by id, customer, event or state; one order with its history, and its cancellation.
import { element } from "/common.js";
import { lines } from "/console/audit.js";
import { eventPath } from "/console/events.js";
import { ask, button, explain, head, table, tag, tell, time } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

export const orders = { title: "Orders", show: (root, [id], parameters) => (id ? one(root, id) : search(root, parameters)) };

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const STATES = ["waiting", "pending", "held", "confirmed", "rejected", "cancelled", "expired"];
const link = (id) => element("a", { href: `#orders/${encodeURIComponent(id)}` }, element("code", {}, id));

function search(root, parameters) {
  const place = element("div");
  const body = element("div");
  const input = (name, title, attributes) => {
    const made = element("input", { name, autocomplete: "off", spellcheck: "false", ...attributes });
    made.value = parameters.get(name) ?? "";
    return [made, element("label", {}, title, made)];
  };
  const [text, textLabel] = input("customer", "Id or customer", { maxlength: 128 });
  const [event, eventLabel] = input("event", "Event", { maxlength: 64 });
  const status = element("select", { name: "status" }, element("option", { value: "" }, "any"), STATES.map((state) => element("option", {}, state)));
  status.value = parameters.get("status") ?? "";
  const form = element("form", { class: "row" }, textLabel, eventLabel, element("label", {}, "State", status), element("button", { class: "main" }, "Find"));
  form.addEventListener("submit", (submission) => {
    submission.preventDefault();
    const wanted = text.value.trim();
    if (ID.test(wanted)) { location.hash = `#orders/${wanted}`; return; }
    const query = new URLSearchParams(Object.entries({ customer: wanted, event: event.value.trim(), status: status.value }).filter(([, value]) => value));
    const hash = `#orders?${query}`;
    if (location.hash === hash) read(); else location.hash = hash;
  });
  root.append(head("Orders"), form, place, body);

  let found = [];
  async function read(after) {
    const query = new URLSearchParams([...parameters].filter(([, value]) => value));
    if (after) query.set("after", after);
    const response = await call(`/admin/orders?${query}`);
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place);
    found = after ? [...found, ...response.body.orders] : response.body.orders;
    const next = response.body.next_after;
    body.replaceChildren(
      table("Orders as the ledger has them, the newest first", ["Order", "Event", "Customer", { title: "Units", number: true }, "State", "Claimed"],
        found.map((order) => [link(order.ticket_id), element("a", { href: eventPath(order.event) }, order.event), order.customer ?? "", String(order.quantity), tag(order.status), time(order.claimed_at)]),
        { empty: "The ledger has no such orders. One that is still queued is found by its id." }),
      next ? button("More", () => read(next)) : "");
    return undefined;
  }
  read();
}

function one(root, id) {
  const place = element("div");
  const body = element("div");
  root.append(head("Order", element("a", { href: "#orders" }, "Find orders")), place, body);
  const path = `/admin/orders/${encodeURIComponent(id)}`;

  async function read(message) {
    const [response, audit] = await Promise.all([call(path), call(`/admin/audit?limit=20&subject=${encodeURIComponent(id)}`)]);
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place, "done", message);
    const { order, live, history } = response.body;
    const status = live?.status ?? order?.status;
    body.replaceChildren(
      element("div", { class: "card" }, facts([
        ["Id", element("code", {}, id)], ["State", tag(status)],
        ["Event", order && element("a", { href: eventPath(order.event) }, order.event)], ["Customer", order?.customer],
        ["Units", order && String(order.quantity)], ["Reason", order?.reason], ["Held until", time(live?.expires_at ?? order?.expires_at)],
        ["In the ledger", order ? element("span", {}, `${order.status}, version ${order.version}, since `, time(order.recorded_at)) : "not yet"],
        ["In Redis", live ? live.status : "no record any more"],
      ]), mayChange() && ["waiting", "held", "confirmed"].includes(status) && element("p", { class: "buttons" }, button("Cancel the order", () => ask({
        title: "Cancel the order?", verb: "Cancel the order", text: "Its units are for sale again at once. This cannot be undone.",
        action: async () => {
          const outcome = await call(`${path}/cancel`, { method: "POST" });
          if (!outcome.ok) return explain(outcome);
          await read("The order is cancelled.");
          return undefined;
        },
      }), { class: "danger" }))),
      element("h2", {}, "History"),
      element("div", { class: "card" }, element("ol", { class: "history" }, history.map(({ status: state, at }) => element("li", {}, time(at), " ", tag(state))))),
      audit.ok ? lines("Changes by administrators", audit.body.entries) : "");
    return undefined;
  }
  read();
}

const facts = (pairs) => element("dl", { class: "facts" }, pairs.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
