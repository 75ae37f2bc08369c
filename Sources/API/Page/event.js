// The buyer's page: one event as it sells, a purchase, and the orders of this browser.
import {
  announcer, count, counted, countdown, everySecond, find, moment, onAwake, request, serverNow, set, show, spoken, stored, stream,
  until, write,
} from "/common.js";
import { followOrders, keep, unitsOf } from "/orders.js";
import { purchasing } from "/purchase.js";
import { badges, draw, figures, lead, most as mostOf, phase } from "/sale.js";

const id = (() => { try { return decodeURIComponent(location.pathname.split("/")[2]); } catch { return ""; } })();
const path = `/events/${encodeURIComponent(id)}`;
const ui = Object.fromEntries([...document.querySelectorAll("[id]")].map((one) => [one.id, one]));
const say = announcer(ui.said, 1);

let event = null; // as the service has it
let seenAt = null;
let link = { state: "waiting" }; // of the stream
let isMissing = false;
let buying = null; // the state of the purchase
let notice = null; // { text, tone }
let nextChance = null; // when the first hold of others ends
let pausedUntil = null; // when this buyer can hold again
let room = null; // the waiting room, if the event has one
let isOpening = false;
let isShort = false; // a purchase was refused: what is left is for the waiting list
let serverLeft = null; // what the service said that a customer can still buy: { customer, units }

// What the page keeps

const customerName = stored("ticketblitz:customer");
ui.customer.value = String(customerName.read() ?? "");
const needsName = () => event && (event.per_customer_limit || task() === "list");
const customer = () => (needsName() ? ui.customer.value.trim() : room?.admitted()?.customer ?? "");

const kept = keep(id, () => { orders.render(); buyer.sync(); room?.follow(); render(); });
const orders = followOrders(kept, say, () => { serverLeft = null; render(); });
const buyer = purchasing(id, kept, {
  onState(state) {
    const before = buying;
    buying = state;
    if (state?.phase === "sending" && !before) say(`${doing()}.`);
    if (state?.phase === "waiting") say(`${state.problem.detail} Trying again in ${spoken(state.ends - serverNow())}.`);
    if (state?.phase === "unknown") say(unknown());
    const focused = document.activeElement;
    render();
    // The focus follows what replaces its place; not to a button, so that who presses Enter twice does not stop the purchase.
    if (state && !before && ui.form.contains(focused)) ui["progress-text"].focus();
    if (!state && ui.progress.contains(focused)) ui.buy.focus();
  },
  onAccepted(body, wanted) {
    notice = null;
    if (wanted.kind === "room") {
      const { place, state, pass, expires_at } = body;
      kept.change((all) => { all.place = { id: place, customer: wanted.customer, state, pass, expires_at }; });
      room?.added(body);
      return;
    }
    orders.add(body, wanted.customer);
    render();
  },
  onRefused: refuse,
});

/** What a refusal means for the buyer. Nothing was bought. */
function refuse(problem, retryAfter, { kind, customer: name } = {}) {
  const at = serverNow() + (retryAfter ?? 0) * 1000;
  notice = { text: problem.detail, tone: "bad" };
  if (problem.code === "sold-out") notice = { text: "Somebody else was faster: no tickets are left.", tone: "bad" };
  if (problem.code === "all-held") { nextChance = at; notice = null; }
  if (["sold-out", "all-held"].includes(problem.code) && event?.waitlist) {
    isShort = true;
    notice = { text: "No tickets are left for you now. You can join the waiting list.", tone: "bad" };
  }
  if (problem.code === "available") {
    isShort = false;
    notice.text = "Tickets are available: buy them.";
  }
  if (problem.code === "on-waitlist") notice.text = `${name} is on the waiting list already.`;
  if (problem.code === "waitlist-full") notice.text = "The waiting list is full.";
  if (problem.code === "pass-required") notice.text = "This sale has a waiting room: join it to buy.";
  if (notice) notice.text = room?.refusal(problem) ?? notice.text;
  if (problem.code === "hold-paused") { pausedUntil = at; notice = null; }
  if (problem.code === "insufficient-stock") ui.quantity.value = String(Math.max(1, problem.available));
  if (problem.code === "customer-limit") {
    serverLeft = { customer: customer(), units: problem.available };
    notice.text = `Each customer can have ${counted(problem.limit, "ticket")}. `
      + (problem.available > 0 ? `You can have ${count(problem.available)} more.` : "You have them all.");
  }
  if (kind !== "buy" || ["not-on-sale", "event-not-found", "pass-required"].includes(problem.code)) read();
  render();
  if (problem.field === "customer") {
    write(ui["customer-error"], problem.detail);
    set(ui.customer, { "aria-invalid": "true" });
    notice = null;
    render();
    ui.customer.focus();
  }
  if (notice) say(notice.text);
}

// The event

function take(body) {
  const before = event && phase(event);
  if (before && body.available > event.available) isShort = false;
  event = body;
  isMissing = false;
  seenAt = serverNow();
  const now = phase(event);
  if (event.admission_rate) openRoom();
  if (now !== "held") nextChance = null;
  if (before && before !== now) {
    notice = null;
    say(["sold_out", "held"].includes(before) && now === "open" ? "Tickets are available again." : `${badges[now]}. ${lead(event)}`);
  }
  render();
}

async function read() {
  const result = await request(path);
  if (!result.ok) { lost(result.problem); return; }
  if (link.state === "waiting") link.problem = undefined;
  take(result.body);
}

function lost(problem) {
  isMissing = ["event-not-found", "invalid-request"].includes(problem.code);
  if (isMissing) event = null;
  link.problem = problem;
  render();
}

stream(`${path}/live`, {
  onMessage: ({ event: name, data }) => {
    if (name === "deleted") lost({ code: "event-not-found" }); else take(data);
  },
  onState(state, problem) {
    link = { state, problem };
    if (state === "over" && problem) lost(problem);
    render();
  },
  fallback: read,
});

// The quantity

/** The most tickets of one order now, and why. */
function most() {
  const own = unitsOf(kept.read().orders, customer());
  return mostOf(task() === "list" ? { ...event, status: "paused" } : event, serverLeft?.customer === customer() ? serverLeft.units : Math.max(0, event.per_customer_limit - own));
}

function quantity() {
  const wanted = Math.floor(Number(ui.quantity.value));
  return Math.min(Math.max(1, Number.isFinite(wanted) ? wanted : 1), Math.max(1, most()[0]));
}

function step(change) {
  ui.quantity.value = String(quantity() + change);
  ui.quantity.value = String(quantity());
  say(counted(quantity(), "ticket"));
  render();
}

// What the form does

/** "buy", "list" (it takes a place on the waiting list), "room" (one in the waiting room), or null. */
function task() {
  const now = phase(event);
  if (["closed", "archived"].includes(now)) return null;
  const isNone = ["sold_out", "held"].includes(now) || (isShort && now === "open");
  if (isNone && event.waitlist) return "list";
  if (now === "sold_out") return null;
  if (!event.admission_rate || room?.admitted()) return "buy";
  return room?.isOut() ? "room" : null;
}

/** Loads what only the buyers of an event with a waiting room need; again with the next news, if that fails. */
async function openRoom() {
  if (room || isOpening) return;
  isOpening = true;
  try {
    const { waitingRoom } = await import("/room.js");
    room = waitingRoom(kept, path, { say, render });
  } catch { /* The network failed. */ }
  isOpening = false;
  room?.follow();
  render();
}

const joining = { list: "Joining the waiting list", room: "Joining the waiting room" };
const doing = () => joining[kept.read().purchase?.kind] ?? "Buying";
const unknown = () => (joining[kept.read().purchase?.kind] ? "It is not known whether you have a place." : "It is not known whether the purchase was made.");

// Showing

function render() {
  const now = event && phase(event);
  document.body.dataset.phase = isMissing ? "missing" : now ?? "loading";
  renderLink();
  write(ui.name, isMissing ? "No such sale" : event ? event.name || event.id : "Tickets");
  show(ui.badge, event);
  if (event) write(ui.badge, badges[now]);
  write(ui.lead, isMissing ? "There is no sale at this address. Check the link." : event ? lead(event, nextChance) : link.problem?.detail ?? "Loading");
  show(ui.elsewhere, isMissing || ["sold_out", "closed", "archived"].includes(now));
  show(ui.sale, event && now !== "archived");
  renderTimes(now);
  renderTitle(now);
  if (!event) return;
  renderStock(now);
  renderForm(now);
}

function renderLink() {
  const isOffline = navigator.onLine === false;
  const isFresh = link.state === "waiting" && !link.problem && serverNow() - seenAt < 8000; // by requests
  const state = isOffline ? "offline" : isFresh ? "live" : link.state;
  set(ui.connection, { "data-state": state });
  write(ui.connection, { live: isFresh ? "Up to date" : "Live", over: "", offline: "Offline" }[state] ?? (link.problem ? "Reconnecting" : "Connecting"));
  const isLost = event && (isOffline || (link.state === "waiting" && link.problem && serverNow() - seenAt > 5000));
  const text = `${isOffline ? "You are offline." : link.problem?.detail} These figures are of ${moment(seenAt ?? serverNow())}. `
    + "The page goes on by itself; your tickets are safe.";
  show(ui.banner, isLost);
  if (!isLost || ui.banner.textContent === text) return;
  write(ui.banner, text);
  say(text);
}

function renderTimes(now) {
  show(ui.opening, now === "scheduled");
  if (now === "scheduled") {
    const left = until(event.opens_at);
    write(ui["opens-in"], countdown(left));
    set(ui["opens-in"], { "aria-label": spoken(left) });
  }
}

function renderTitle(now) {
  const name = isMissing ? "No such sale" : event ? event.name || event.id : "Tickets";
  const held = kept.read().orders.find((order) => order.status === "held" && until(order.expires_at) > 0);
  const first = held ? `${countdown(until(held.expires_at))} to confirm` : now === "scheduled" ? `Opens in ${countdown(until(event.opens_at))}`
    : event?.admission_rate && room?.admitted() ? `Your turn: ${countdown(until(room.admitted().expires_at))}`
    : now && now !== "open" ? badges[now] : null;
  const title = `${first ? `${first} · ` : ""}${name} · TicketBlitz`;
  if (document.title !== title) document.title = title;
  set(document.body, { "data-held": held !== undefined });
}

function renderStock(now) {
  write(ui.left, count(event.available));
  write(ui["left-of"], `of ${count(event.capacity)} left`);
  write(ui.figures, figures(event));
  draw([...ui.meter.children].slice(1), event);
  show(ui.form, task() && !buying);
  room?.render(event, now);
}

function renderForm(now) {
  const limit = event.per_customer_limit;
  const job = task();
  show(ui["customer-field"], needsName());
  show(ui["quantity-field"], job !== "room");
  // The pass of a customer is for nobody else.
  const owner = job === "buy" ? room?.admitted()?.customer : null;
  ui.customer.readOnly = Boolean(owner);
  if (owner) ui.customer.value = owner;
  write(ui["customer-hint"], limit ? "" : "The offer is made to this name.");
  if (limit) write(ui["customer-hint"], `Each customer can have ${counted(limit, "ticket")}. Use the same name each time.`);
  const [maximum, reason] = most();
  set(ui.quantity, { max: Math.max(1, maximum) });
  if (document.activeElement !== ui.quantity && ui.quantity.value !== String(quantity())) ui.quantity.value = String(quantity());
  write(ui["quantity-hint"], reason);
  set(ui.fewer, { "aria-disabled": quantity() <= 1 ? "true" : null });
  set(ui.more, { "aria-disabled": quantity() >= maximum ? "true" : null });
  const tickets = counted(quantity(), "ticket");
  const pause = pausedUntil && pausedUntil > serverNow() ? pausedUntil : null;
  const cannot = buttonRefusal(now, maximum, pause, job);
  write(ui.buy, cannot ?? (job === "list" ? "Join the waiting list" : job === "room" ? "Join the waiting room" : now === "held" ? `Try to get ${tickets}` : event.hold_seconds ? `Hold ${tickets}` : `Buy ${tickets}`));
  set(ui.buy, { "aria-disabled": cannot ? "true" : null });
  const offer = event.offer_seconds ?? event.hold_seconds ?? 600;
  write(ui.terms, job === "list" ? `When tickets come back, they are held for you for ${spoken(offer * 1000)}. Come back to this page.`
    : job === "room" ? room.terms(now)
    : event.hold_seconds ? `You have ${spoken(event.hold_seconds * 1000)} to confirm. Nothing is bought before.` : "");
  show(ui.terms, job !== "buy" || event.hold_seconds);
  renderProgress();
  const chance = now === "held" && job === "buy" && nextChance
    ? { text: nextChance > serverNow() ? `Next chance in ${countdown(nextChance - serverNow())}.` : "A hold may have ended. Try now.", tone: "plain" } : null;
  const paused = pause && { text: `Your last holds ended without a purchase. You can hold tickets again in ${countdown(pause - serverNow())}.`, tone: "bad" };
  const shown = paused ?? (chance || notice || (job === "room" && room.ended()));
  show(ui.notice, shown && !buying);
  if (shown) { write(ui.notice, shown.text); set(ui.notice, { "data-tone": shown.tone }); }
}

/** Why nothing can be bought now, as the button's text; null if something can. */
function buttonRefusal(now, maximum, pause, job) {
  if (job === "room") return room.cannotJoin(event);
  if (now === "scheduled") return until(event.opens_at) > 0 ? `Opens in ${countdown(until(event.opens_at))}` : "Opening";
  if (now === "paused") return "Paused";
  if (maximum <= 0) return "Limit reached";
  return pause ? `Again in ${countdown(pause - serverNow())}` : null;
}

function renderProgress() {
  show(ui.progress, buying);
  if (!buying) return;
  const { quantity: units, kind } = kept.read().purchase ?? { quantity: 1 };
  const tickets = counted(units, "ticket");
  const join = joining[kind];
  const verb = join ?? `Buying ${tickets}`;
  const { phase: step, ends, problem, isUnknown } = buying;
  set(ui.progress, { "data-phase": step });
  write(ui["progress-text"], {
    sending: verb,
    waiting: problem && `${problem.detail} Trying again in ${countdown(ends - serverNow())}.${isUnknown && !join ? " You cannot be sold twice." : ""}`,
    unknown: join ? `${unknown()} Asking again gives one place only.`
      : `Whether ${tickets} were bought is not known: the service did not answer. Asking again cannot buy twice.`,
    elsewhere: `${verb} in another tab`,
  }[step]);
  show(ui.again, step === "unknown");
  show(ui.stop, step !== "elsewhere");
  write(ui.stop, step === "unknown" ? "Forget it" : "Stop");
}

// Doing

ui.form.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  if (ui.buy.getAttribute("aria-disabled") || buying) return;
  if (needsName() && !customer()) {
    write(ui["customer-error"], "Enter your name: it is needed for this sale.");
    set(ui.customer, { "aria-invalid": "true" });
    say(ui["customer-error"].textContent);
    ui.customer.focus();
    return;
  }
  customerName.write(ui.customer.value.trim() || null);
  notice = null;
  const job = task();
  buyer.start(job, quantity(), customer(), job === "buy" ? room?.admitted()?.pass : undefined);
});
ui.customer.addEventListener("input", () => {
  write(ui["customer-error"], "");
  set(ui.customer, { "aria-invalid": null });
  render();
});
ui.quantity.addEventListener("input", render);
ui.quantity.addEventListener("change", () => step(0));
ui.fewer.addEventListener("click", () => { if (quantity() > 1) step(-1); });
ui.more.addEventListener("click", () => { if (quantity() < most()[0]) step(1); });
ui.again.addEventListener("click", () => buyer.again());
ui.stop.addEventListener("click", () => buyer.stop());
addEventListener("offline", render);
onAwake(() => {
  render();
  if (!isMissing) read();
  orders.refresh();
});
everySecond(() => {
  render();
  // The stream says when the sale opens; without it the page asks.
  if (event?.status === "scheduled" && until(event.opens_at) < -500 && link.state !== "live") read();
});
buyer.resume();
