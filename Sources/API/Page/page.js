// The list of sales with live figures. Each leads to its page.
import { announcer, count, countdown, element, everySecond, find, moment, onAwake, request, serverNow, set, show, stream, until, write } from "/common.js";
import { badges, draw, figures, phase } from "/sale.js";

const sales = new Map(); // by id: the event and its elements
const list = find("sales");
const say = announcer(find("said"));
let order = []; // the ids, as the service lists them
let link = { state: "waiting" };
let seenAt = null;
let isMore = false; // there are more events than are shown
const most = 100;

function makeSale(id) {
  const parts = ["whole", "sold", "taken"].map((kind) => element("rect", { class: kind, height: 10 }));
  set(parts[0], { width: 1000 });
  const made = {
    name: element("a", { href: `/e/${encodeURIComponent(id)}` }), badge: element("p", { class: "badge" }),
    figures: element("p", { class: "figures" }), parts,
  };
  made.row = element("li", { class: "sale" }, element("div", { class: "top" }, element("h2", {}, made.name), made.badge),
    element("svg", { class: "meter", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts), made.figures);
  return made;
}

function renderSale({ event, elements }) {
  const now = phase(event);
  set(elements.row, { "data-phase": now });
  write(elements.name, event.name || event.id);
  write(elements.badge, now === "scheduled" && event.opens_at ? `Opens in ${countdown(until(event.opens_at))}` : badges[now]);
  draw(elements.parts.slice(1), event);
  write(elements.figures, `${count(event.available)} of ${count(event.capacity)} left · ${figures(event)}`);
}

function take(event) {
  const known = sales.get(event.id);
  if (known) known.event = event; else sales.set(event.id, { event, elements: makeSale(event.id) });
  renderSale(sales.get(event.id));
}

function takeList(ids) {
  const before = order.length;
  order = ids;
  for (const id of [...sales.keys()]) if (!ids.includes(id)) { sales.get(id).elements.row.remove(); sales.delete(id); }
  if (before !== ids.length) say(ids.length === 1 ? "One sale" : `${count(ids.length)} sales`);
}

/** Puts the rows in their order, without moving one that is in its place: the focus stays. */
function place() {
  order.filter((id) => sales.has(id)).forEach((id, index) => {
    const { row } = sales.get(id).elements;
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

function render() {
  const isOffline = navigator.onLine === false;
  const isFresh = link.state === "waiting" && !link.problem && serverNow() - seenAt < 8000; // by requests
  const state = isOffline ? "offline" : isFresh ? "live" : link.state;
  set(find("connection"), { "data-state": state });
  write(find("connection"), { live: isFresh ? "Up to date" : "Live", offline: "Offline" }[state] ?? (link.problem ? "Reconnecting" : "Connecting"));
  write(find("lead"), seenAt === null ? link.problem?.detail ?? "Loading"
    : order.length === 0 ? "Nothing is on sale now. Sales appear here."
      : isMore ? `The first ${most} sales.` : "Choose a sale to buy tickets.");
  const isLost = seenAt !== null && (isOffline || (link.state === "waiting" && link.problem && serverNow() - seenAt > 5000));
  show(find("banner"), isLost);
  if (isLost) write(find("banner"), `${isOffline ? "You are offline." : link.problem.detail} These figures are of ${moment(seenAt)}.`);
}

function takeAll() {
  seenAt = serverNow();
  isMore = order.length >= most;
  place();
  render();
}

stream("/live", {
  onMessage({ event: name, data }) {
    if (name === "list") takeList(data.events);
    else take(data);
    takeAll();
  },
  onState(state, problem) { link = { state, problem }; render(); },
  fallback: read,
});

async function read() {
  const events = [];
  for (let after = ""; ;) {
    const { ok, body, problem } = await request(`/events?limit=${most}${after}`);
    if (!ok) { link.problem = problem; render(); return; }
    events.push(...body.events.filter(({ status }) => status !== "closed"));
    if (body.events.length < most || events.length >= most) break;
    after = `&after=${encodeURIComponent(body.events.at(-1).id)}`;
  }
  if (link.state === "waiting") link.problem = undefined;
  events.length = Math.min(events.length, most);
  takeList(events.map(({ id }) => id));
  events.forEach(take);
  takeAll();
}

addEventListener("offline", render);
onAwake(() => { render(); if (seenAt !== null) read(); });
everySecond(() => {
  for (const sale of sales.values()) if (sale.event.status === "scheduled") renderSale(sale);
  render();
});
