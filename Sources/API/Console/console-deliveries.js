// The deliveries of a webhook, a page at a time, the newest first. They are read again every two seconds.
import { count, element } from "/common.js";
import { eventPath } from "/console/events.js";
import { button, explain, redraw, repeat, table, tag, tell, time } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

const PAGE = 25;
const STATES = ["pending", "retrying", "delivered", "dead"];

/** `{ root, begin(), readNewest() }` of the webhook at a path of the API, until the signal is aborted. */
export function deliveries(path, signal) {
  const place = element("div");
  const body = element("div");
  const wanted = element("select", {}, element("option", { value: "" }, "any"), STATES.map((state) => element("option", {}, state)));
  const more = button("Next page", () => { after.push(next); return read(); });
  const back = button("Previous page", () => { after.pop(); return read(); });
  let after = [""];
  let next;
  let reading = 0;
  async function read() {
    reading += 1;
    const mine = reading;
    const query = new URLSearchParams(Object.entries({ limit: PAGE, state: wanted.value, after: after.at(-1) }).filter(([, value]) => value));
    const response = await call(`${path}/deliveries?${query}`, { signal });
    if (signal.aborted || mine !== reading) return;
    if (!response.ok) { tell(place, "refusal", explain(response)); return; }
    tell(place);
    next = response.body.next_after;
    more.hidden = next === undefined;
    back.hidden = after.length === 1;
    redraw(body, table("Deliveries, the newest first", ["Delivery", "State", "Change", { title: "Attempts", number: true }, "Last answer", "Tried", "Made", ...(mayChange() ? ["Action"] : [])],
      response.body.deliveries.map(row), { empty: "There are no such deliveries." }));
  }
  const row = (delivery) => [
    String(delivery.id), element("span", {}, tag(delivery.state), ...(delivery.state === "retrying" ? [" again at ", time(delivery.next_attempt_at)] : [])),
    element("span", {}, delivery.type ?? "removed", delivery.event && " of ", delivery.event && element("a", { href: eventPath(delivery.event) }, delivery.event)),
    count(delivery.attempts), element("span", {}, delivery.status && `${delivery.status} `, element("code", {}, delivery.answer ?? "")),
    time(delivery.attempted_at), time(delivery.created_at),
    ...(mayChange() ? [delivery.type && delivery.state !== "pending" ? button("Send again", () => retry(delivery.id), { "aria-label": `Send delivery ${delivery.id} again` }) : ""] : []),
  ];
  async function retry(id) {
    const response = await call(`${path}/deliveries/${id}/retry`, { method: "POST" });
    if (!response.ok) { tell(place, "refusal", explain(response)); return; }
    await read();
  }
  const readNewest = () => { after = [""]; return read(); };
  wanted.addEventListener("change", readNewest);
  return {
    root: element("div", {}, element("div", { class: "row" }, element("label", {}, "Show deliveries in the state", wanted)), place, body, element("p", { class: "buttons" }, back, more)),
    begin: () => repeat(read, signal),
    readNewest: () => { wanted.value = ""; return readNewest(); },
  };
}
