// Events: the list, and one event with its terms, its state, and what can be done with it.
import { count, element, wait } from "/common.js";
import { editor } from "/console/terms.js";
import { ask, button, explain, head, number, redraw, repeat, table, tag, tell } from "/console/parts.js";
import { call, fresh, mayChange } from "/console/session.js";
import { download } from "/console/download.js";
import { waitingRoom } from "/console/room.js";

export const events = { title: "Events", show: (root, [id]) => (id === undefined ? list(root) : id === "" ? create(root) : one(root, id)) };

/** The address of an event's view. */
export const eventPath = (id) => `#events/${encodeURIComponent(id)}`;

// The list

const PAGE = 200;

function list(root) {
  const over = new AbortController();
  const place = element("div");
  const body = element("div");
  const archived = element("select", {}, [["false", "Not archived"], ["true", "Archived"], ["all", "All"]].map(([value, text]) => element("option", { value }, text)));
  const more = button("Next page", () => { after.push(last); return read(); });
  const back = button("Previous page", () => { after.pop(); return read(); });
  let after = [""];
  let last = "";
  let reading = 0;
  async function read() {
    reading += 1;
    const mine = reading;
    const response = await call(`/events?limit=${PAGE}&archived=${archived.value}${after.at(-1) && `&after=${encodeURIComponent(after.at(-1))}`}`, { signal: over.signal });
    if (over.signal.aborted || mine !== reading) return;
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place);
    const found = response.body.events;
    last = found.at(-1)?.id ?? "";
    more.hidden = found.length < PAGE;
    back.hidden = after.length === 1;
    draw(found);
  }
  function draw(found) {
    redraw(body, table("Events", ["Event", "Name", "State", ...["Capacity", "Available", "Held", "Pending", "Sold"].map((title) => ({ title, number: true }))],
      found.map((event) => [element("a", { href: eventPath(event.id) }, event.id), event.name, state(event),
        ...[event.capacity, event.available, event.held, event.pending, event.sold].map(number)]),
      { empty: "There are no such events." }));
  }
  archived.addEventListener("change", () => { after = [""]; read(); });
  root.append(
    head("Events", element("label", {}, element("span", { class: "unseen" }, "Show"), archived), mayChange() && element("a", { href: "#events/" }, "New event")),
    place, body, element("p", { class: "buttons" }, back, more));
  repeat(read, over.signal);
  return () => over.abort();
}

const state = (event) => (event.archived ? element("span", { class: "tag" }, "archived") : tag(event.status));

function create(root) {
  root.append(head("New event", element("a", { href: "#events" }, "All events")), editor(null, (event) => { location.hash = eventPath(event.id); }));
}

// One event

function one(root, id) {
  const over = new AbortController();
  const place = element("div");
  const body = element("div");
  const path = `/events/${encodeURIComponent(id)}`;
  root.append(head(id, element("a", { href: `/e/${encodeURIComponent(id)}`, target: "_blank", rel: "noopener" }, "Page for buyers"), element("a", { href: "#events" }, "All events")), place, body);
  const figures = element("dl", { class: "figures" });
  const room = waitingRoom(path, over.signal, (terms, message) => attempt(terms, message));
  let shown = null;

  /** Reads the event from the stores and draws it all. */
  async function read(message) {
    const response = await call(path, { ...fresh, signal: over.signal });
    if (over.signal.aborted) return;
    if (!response.ok) return tell(place, "refusal", explain(response));
    shown = { event: response.body, tag: response.headers.get("ETag") };
    tell(place, "done", message);
    drawFigures();
    body.replaceChildren(figures, actions(), room.section, element("h2", {}, "Terms"),
      element("div", { class: "card" }, editor(shown, () => read("The change is in effect."), () => read())));
  }
  function drawFigures() {
    const { event } = shown;
    figures.replaceChildren(...[
      element("div", {}, element("dt", {}, "State"), element("dd", {}, state(event))),
      ...["capacity", "available", "held", "pending", "sold"].map((name) =>
        element("div", {}, element("dt", {}, name[0].toUpperCase() + name.slice(1)), element("dd", {}, count(event[name])))),
      event.waiting !== undefined && element("div", {}, element("dt", {}, "Waiting list"), element("dd", {}, count(event.waiting))),
    ].filter(Boolean));
    room.draw(event);
  }
  /** Sends a change, and reads the event again. Returns the text of a refusal. */
  async function change(terms, message) {
    const response = await call(path, { method: "PUT", body: terms });
    if (!response.ok) return explain(response);
    await read(message);
    return undefined;
  }
  const attempt = async (terms, message) => {
    const refusal = await change(terms, message);
    if (refusal !== undefined) tell(place, "refusal", refusal);
  };
  function actions() {
    const { event } = shown;
    const links = [
      element("a", { href: `#orders?event=${encodeURIComponent(id)}` }, "Orders"),
      button("Orders as CSV", () => download(`/admin/events/${encodeURIComponent(id)}/orders.csv`, `${id}-orders.csv`, place)),
    ];
    if (!mayChange()) return element("p", { class: "buttons" }, links);
    const isPaused = event.status === "paused";
    return element("p", { class: "buttons" },
      !event.archived && (isPaused
        ? button("Resume the sale", () => attempt({ paused: false }, "The sale goes on."), { class: "main" })
        : button("Pause the sale", () => attempt({ paused: true }, "The sale is paused."))),
      links,
      event.archived
        ? button("Restore", () => attempt({ archived: false }, "The event is restored with its orders."))
        : button("Archive", () => ask({
          title: "Archive the event?", verb: "Archive", text: "Its sale ends at once. Its orders stay, and it can be restored.",
          action: () => change({ archived: true }, "The event is archived."),
        })),
      !event.archived && button("Reset", () => ask({
        title: "Reset the event?", verb: "Reset", word: id,
        text: `All its orders are deleted, ${count(event.sold)} sold units among them, and its ${count(event.capacity)} units are for sale again. This cannot be undone.`,
        action: async () => {
          const response = await call("/reset", { method: "POST", body: { event: id }, seconds: 90 });
          if (!response.ok) return explain(response);
          await read("The event is reset.");
          return undefined;
        },
      }), { class: "danger" }),
      button("Delete", () => ask({
        title: "Delete the event?", verb: "Delete", word: id, text: "Only an event without orders can be deleted.",
        action: async () => {
          const response = await call(path, { method: "DELETE", headers: { "If-Match": shown.tag }, seconds: 90 });
          if (!response.ok) return explain(response);
          location.hash = "#events";
          return undefined;
        },
      }), { class: "danger" }));
  }

  (async () => {
    await read();
    while (!over.signal.aborted) {
      await wait(2, over.signal);
      if (!shown || document.visibilityState !== "visible") continue;
      const response = await call(path, { signal: over.signal });
      if (!response.ok || over.signal.aborted) continue;
      // The figures only: what the user is changing stays.
      shown.event = { ...shown.event, ...Object.fromEntries(["status", "capacity", "available", "held", "pending", "sold", "waiting", "archived"].map((name) => [name, response.body[name]])) };
      drawFigures();
    }
  })();
  return () => over.abort();
}
