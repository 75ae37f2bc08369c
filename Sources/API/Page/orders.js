// The orders that this browser has made for one event: kept across reloads, read again, and shown.
import { count, counted, countdown, element, everySecond, find, moment, request, set, show, spoken, stored, stream, until, wait, write } from "/common.js";

const MOST_ORDERS = 20; // of one event
const MOST_EVENTS = 30;
const PREFIX = "ticketblitz:event:";

/**
 * What the browser keeps of an event: `{ orders, purchase, place, at }`. An order is `{ id, quantity, customer, status, … }`, as it
 * was seen last; the purchase is the one whose outcome is not known; the place is that in the waiting room. `change` reads, changes and writes in one step, so
 * that tabs do not overwrite each other.
 */
export function keep(event, onChange) {
  const value = stored(PREFIX + event, { onChange });
  const read = () => {
    // What is there may be of another release, or changed by hand.
    const found = value.read();
    const isUsable = (one) => Number.isInteger(one?.quantity) && typeof (one.id ?? one.key) === "string";
    return {
      orders: Array.isArray(found?.orders) ? found.orders.filter(isUsable) : [],
      purchase: isUsable(found?.purchase) ? found.purchase : null,
      place: typeof found?.place?.id === "string" ? found.place : null,
    };
  };
  return {
    isKept: value.isKept,
    read,
    change(body) {
      const present = read();
      body(present);
      // The oldest ones that nothing can happen to go first.
      while (present.orders.length > MOST_ORDERS) {
        const over = present.orders.findLastIndex(({ status }) => !isActive(status) && status !== "confirmed");
        present.orders.splice(over >= 0 ? over : present.orders.length - 1, 1);
      }
      value.write({ ...present, at: Date.now() });
      if (value.isKept) forgetOldEvents();
    },
  };
}

function forgetOldEvents() {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  if (names.length <= MOST_EVENTS) return;
  const age = (name) => { try { return JSON.parse(localStorage.getItem(name)).at ?? 0; } catch { return 0; } };
  names.sort((one, other) => age(other) - age(one)).slice(MOST_EVENTS).forEach((name) => localStorage.removeItem(name));
}

/** Whether something happens to an order without the buyer. */
export const isActive = (status) => ["pending", "held", "waiting"].includes(status);

/** How many units of a customer this browser knows of. */
export const unitsOf = (orders, customer) => orders
  .filter((order) => order.customer === customer && ["pending", "held", "confirmed"].includes(order.status))
  .reduce((sum, { quantity }) => sum + quantity, 0);

/** Shows the kept orders and follows them. `say` is an announcer; `onChange` is called when one of them has changed. */
export function followOrders(kept, say, onChange) {
  const list = find("orders");
  const cards = new Map(); // by id
  let watched = null; // the newest active order has a stream; the others are read now and then
  show(find("not-kept"), !kept.isKept);

  const update = (id, seen) => {
    let changed = null;
    kept.change(({ orders }) => {
      const order = orders.find((one) => one.id === id);
      if (!order) return;
      if (seen.status && seen.status !== order.status) changed = { ...order, ...seen };
      for (const name of ["status", "expires_at", "confirmed_at", "reason", "position"]) if (seen[name] !== undefined) order[name] = seen[name];
    });
    if (changed) {
      cards.get(id).asks = false; // "Leave" is not "give back"
      say(sentence(changed));
    }
    render();
    onChange();
  };

  const read = async (id) => {
    const isWaiting = kept.read().orders.some((order) => order.id === id && order.status === "waiting");
    const { ok, body, problem } = await request(`/${isWaiting ? "waitlist" : "orders"}/${id}`);
    if (ok) update(id, body);
    else if (problem.code === "order-not-found") update(id, { status: "missing" });
  };

  const remove = (id) => {
    kept.change((present) => { present.orders = present.orders.filter((order) => order.id !== id); });
    render();
    find("name").focus();
    onChange();
  };

  /** Confirms or cancels. Both can be repeated, so every failure that passes is followed by a repetition. */
  const act = async (id, action) => {
    const card = cards.get(id);
    card.busy = action;
    for (let attempt = 0; ; attempt += 1) {
      const order = kept.read().orders.find((one) => one.id === id);
      if (!order) break;
      if (attempt > 0 && action === "confirm" && order.status === "held" && until(order.expires_at) < 0) break;
      card.error = "";
      render();
      const { ok, status, body, problem, retryAfter } = await (action === "leave"
        ? request(`/waitlist/${id}`, { method: "DELETE", seconds: 10 }) : request(`/orders/${id}/${action}`, { method: "POST", seconds: 10 }));
      if (ok) { update(id, body); break; }
      if (problem.code === "order-not-found") { update(id, { status: "missing" }); break; }
      if (status !== 0 && status < 500 && status !== 429 && !(status === 409 && retryAfter)) {
        card.error = problem.detail;
        say(problem.detail);
        await read(id);
        break;
      }
      const seconds = retryAfter ?? Math.min(8, 2 ** attempt);
      say(`${problem.detail} Trying again.`);
      for (let left = seconds; left > 0; left -= 1) {
        card.error = `${problem.detail} Trying again in ${countdown(left * 1000)}.`;
        render();
        await wait(Math.min(1, left));
      }
    }
    card.busy = null;
    card.asks = false;
    render();
    if (document.activeElement === document.body || card.row.contains(document.activeElement)) card.row.focus();
  };

  const makeCard = (id) => {
    const card = {
      busy: null, asks: false, error: "",
      title: element("h3", { id: `order-${id}` }), text: element("p", { class: "state" }),
      timer: element("p", { class: "timer", role: "timer" }), problem: element("p", { class: "error" }),
      number: element("p", { class: "number" }, "Order ", element("code", {}, id)), actions: element("p", { class: "actions" }),
    };
    const button = (text, kind, body) => element("button", { type: "button", class: kind, click: body, "aria-describedby": `order-${id}` }, text);
    card.buttons = {
      confirm: button("Confirm purchase", "primary", () => { if (!card.busy) act(id, "confirm"); }),
      ask: button("Give back", "quiet", () => { card.asks = true; render(); card.buttons.cancel.focus(); }),
      cancel: button("Yes, give them back", "danger", () => { if (!card.busy) act(id, card.isWaiting ? "leave" : "cancel"); }),
      keep: button("Keep them", "quiet", () => { card.asks = false; render(); card.buttons.ask.focus(); }),
      remove: button("Remove from this list", "quiet", () => remove(id)),
    };
    card.row = element("li", { class: "ticket", tabindex: "-1", "aria-labelledby": `order-${id}` },
      card.title, card.timer, card.text, card.problem, card.actions, card.number);
    cards.set(id, card);
    return card;
  };

  const showCard = (card, order) => {
    const { status } = order;
    card.isWaiting = status === "waiting";
    const isOver = status === "held" && until(order.expires_at) <= 0;
    set(card.row, { "data-status": isOver ? "expired" : status });
    write(card.title, counted(order.quantity, "ticket"));
    write(card.text, isOver ? "The time to confirm is over." : sentence(order));
    show(card.timer, status === "held");
    if (status === "held") {
      write(card.timer, countdown(until(order.expires_at)));
      set(card.timer, { "aria-label": `${spoken(until(order.expires_at))} left to confirm` });
    }
    write(card.problem, card.error);
    show(card.problem, card.error !== "");
    const { confirm, ask, cancel, keep: keepThem, remove: removeIt } = card.buttons;
    const wanted = isOver ? []
      : isActive(status) || status === "confirmed"
        ? status === "pending" ? [] : card.asks ? [cancel, keepThem] : status === "held" ? [confirm, ask] : [ask]
        : [removeIt];
    if (wanted.some((button, index) => card.actions.children[index] !== button) || card.actions.children.length !== wanted.length) {
      const hadFocus = card.actions.contains(document.activeElement);
      card.actions.replaceChildren(...wanted);
      if (hadFocus && !card.asks) card.row.focus();
    }
    write(confirm, card.busy === "confirm" ? "Confirming" : "Confirm purchase");
    write(cancel, card.busy ? card.isWaiting ? "Leaving" : "Giving back" : card.isWaiting ? "Yes, leave" : "Yes, give back");
    write(keepThem, card.isWaiting ? "Stay" : "Keep them");
    write(ask, card.isWaiting ? "Leave the list" : status === "confirmed" ? "Cancel this order" : "Give back");
    for (const one of [confirm, cancel, keepThem, ask]) set(one, { "aria-disabled": card.busy ? "true" : null });
  };

  function render() {
    const { orders } = kept.read();
    show(find("orders-section"), orders.length > 0);
    for (const [id, card] of cards) if (!orders.some((order) => order.id === id)) { card.row.remove(); cards.delete(id); }
    orders.forEach((order, index) => {
      const card = cards.get(order.id) ?? makeCard(order.id);
      if (list.children[index] !== card.row) list.insertBefore(card.row, list.children[index] ?? null);
      showCard(card, order);
    });
    const newest = orders.find(({ status }) => isActive(status))?.id ?? null;
    if (newest === watched?.id) return;
    watched?.stream.close();
    watched = newest && {
      id: newest,
      stream: stream(`/orders/${newest}/live`, {
        onMessage: ({ data }) => update(newest, data),
        onState: (state, problem) => { if (state === "over" && problem?.code === "order-not-found") update(newest, { status: "missing" }); },
        fallback: () => read(newest),
        ends: ({ data }) => !isActive(data.status),
      }),
    };
  }

  const refresh = async (all) => {
    for (const { id, status } of kept.read().orders) {
      // A stream does not say the position.
      if (status === "waiting") await read(id);
      else if (isActive(status) ? id !== watched?.id || all : all && status === "confirmed") await read(id);
    }
  };
  let seconds = 0;
  everySecond(() => {
    seconds += 1;
    const { orders } = kept.read();
    for (const order of orders) {
      const card = cards.get(order.id);
      if (!card || !isActive(order.status)) continue;
      showCard(card, order);
      if (order.status !== "held") continue;
      const left = Math.ceil(until(order.expires_at) / 1000);
      if ([300, 120, 60, 30, 10].includes(left)) say(`${spoken(left * 1000)} left to confirm ${counted(order.quantity, "ticket")}.`);
      if (left < 0 && left % 2 === 0) read(order.id);
    }
    if (seconds % 10 === 0) refresh(false);
  });
  render();
  refresh(true);

  return {
    render,
    refresh: () => refresh(true),
    /** Adds an accepted order, and moves the focus to it. */
    add(accepted, customer) {
      kept.change(({ orders }) => {
        if (orders.some(({ id }) => id === accepted.ticket_id)) return;
        orders.unshift({
          id: accepted.ticket_id, quantity: accepted.quantity, customer, status: accepted.status, expires_at: accepted.expires_at,
          position: accepted.position,
        });
      });
      render();
      const { row } = cards.get(accepted.ticket_id) ?? {};
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
      const order = kept.read().orders.find(({ id }) => id === accepted.ticket_id);
      if (order) say(sentence(order));
    },
  };
}

const ended = {
  "customer-limit": ": you have all tickets that one customer can have", "order-limit": ": you have all orders that one customer can have",
  "sale-ended": ": the sale has ended",
};

/** What an order's state means for its buyer. */
function sentence({ quantity, status, expires_at: end, reason, position }) {
  const they = quantity === 1 ? "The ticket is" : "The tickets are";
  switch (status) {
    case "waiting": return `${position ? `Number ${count(position)} on` : "On"} the waiting list. An offer appears here.`;
    case "pending": return "Accepted. Your purchase is being recorded.";
    case "held": return `${they} held for you until ${moment(end)}. Confirm to buy.`;
    case "confirmed": return `Confirmed. ${they} yours.`;
    case "cancelled": return position ? `The place on the list is given back${ended[reason] ?? ""}.` : `Given back. ${they} for sale again.`;
    case "expired": return "The time to confirm is over. Nothing was bought.";
    case "rejected": return `Not sold${reason ? `: ${reason}` : ""}. Nothing was bought.`;
    default: return "The service has no such order any more.";
  }
}
