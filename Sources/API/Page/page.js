// The live page: polls the events while the page is visible, buys, and polls the orders that were created.
// Data from the service is inserted as text, never as markup.
const state = document.getElementById("state");
const events = new Map(); // by id: the event's elements
const list = document.getElementById("events");
const orders = document.getElementById("orders");
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function element(name, attributes = {}, ...children) {
  const made = name === "svg" || name === "rect"
    ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The response's status, its JSON, and the seconds after which to retry. */
async function fetchJSON(path, options = {}) {
  const response = await fetch(path, { ...options, cache: "no-store", credentials: "omit" });
  const body = await response.json();
  return { status: response.status, body, retryAfter: Number(response.headers.get("Retry-After")) || 1 };
}

// The sales

function makeEvent(event) {
  const parts = ["free", "sold", "pending", "held"].map((kind) => element("rect", { class: kind, height: 10 }));
  const made = {
    name: element("span", { class: "name" }), status: element("span", { class: "status" }),
    buy: element("button", { type: "button" }, "Buy one"), numbers: element("p", { class: "numbers" }),
    message: element("p", { class: "message", role: "status" }), parts,
    bar: element("svg", { class: "bar", viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img" }, ...parts),
  };
  made.buy.addEventListener("click", () => buy(event.id, made));
  made.row = element("li", {}, element("div", { class: "top" }, made.name, made.status, made.buy), made.bar, made.numbers, made.message);
  return made;
}

function showEvent(event) {
  if (!events.has(event.id)) {
    events.set(event.id, makeEvent(event));
    list.append(events.get(event.id).row);
  }
  const shown = events.get(event.id);
  shown.name.textContent = event.name || event.id;
  shown.status.textContent = event.status.replace("_", " ");
  const text = `${event.sold} sold, ${event.pending} pending, ${event.held} held, ${event.available} of ${event.capacity} left`;
  shown.numbers.textContent = text;
  shown.bar.setAttribute("aria-label", text);
  shown.buy.disabled = event.status !== "open";
  let from = 0;
  const whole = Math.max(event.capacity, 1);
  for (const [index, count] of [event.capacity, event.sold, event.pending, event.held].entries()) {
    shown.parts[index].setAttribute("x", index === 0 ? 0 : (from * 1000) / whole);
    shown.parts[index].setAttribute("width", (count * 1000) / whole);
    if (index > 0) from += count;
  }
}

async function watch() {
  for (;;) {
    let wait = 1;
    if (document.visibilityState === "visible") {
      try {
        const { status, body, retryAfter } = await fetchJSON("/events?limit=50");
        if (status === 200) {
          const present = new Set(body.events.map((event) => event.id));
          for (const [id, shown] of events) if (!present.has(id)) { shown.row.remove(); events.delete(id); }
          body.events.forEach(showEvent);
          state.textContent = body.events.length ? "Updated every second." : "Nothing is on sale.";
        } else {
          state.textContent = body.detail;
          wait = retryAfter;
        }
      } catch {
        state.textContent = "The service does not respond; retrying.";
        wait = 3;
      }
    }
    await pause(wait);
  }
}

// Buying

/** An idempotency key: a retried request leads to the same order. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function buy(event, shown) {
  const customer = document.getElementById("customer").value.trim();
  const options = {
    method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": newKey() },
    body: JSON.stringify({ event, quantity: 1, ...(customer && { customer }) }),
  };
  shown.message.textContent = "Buying";
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      const { status, body, retryAfter } = await fetchJSON("/buy", options);
      if (status === 202) {
        shown.message.textContent = "";
        return follow(body);
      }
      shown.message.textContent = body.detail;
      if (status !== 503 && status !== 429) return;
      await pause(retryAfter);
    } catch {
      shown.message.textContent = "The service does not respond; retrying with the same key.";
      await pause(1);
    }
  }
  shown.message.textContent += " Stopped retrying.";
}

async function follow(order) {
  document.getElementById("none").hidden = true;
  const status = element("span", { class: "status" });
  const actions = element("span");
  orders.prepend(element("li", {}, element("div", { class: "top" },
    element("span", { class: "name" }, `${order.quantity} × ${order.event} `, element("code", {}, order.ticket_id)), status, actions)));
  const show = (now) => {
    status.textContent = now.status === "held" ? `held until ${new Date(now.expires_at).toLocaleTimeString()}` : now.status;
    actions.replaceChildren(...(now.status === "held" ? ["confirm", "cancel"] : now.status === "confirmed" ? ["cancel"] : [])
      .map((action) => {
        const button = element("button", { type: "button" }, action);
        button.addEventListener("click", async () => {
          const { status: code, body } = await fetchJSON(`/orders/${order.ticket_id}/${action}`, { method: "POST" });
          if (code === 200) show(body); else status.textContent = body.detail;
        });
        return button;
      }));
  };
  show(order);
  for (;;) {
    try {
      const { status: code, body, retryAfter } = await fetchJSON(`/orders/${order.ticket_id}?wait=20`);
      if (code === 200) {
        show(body);
        if (body.status !== "pending" && body.status !== "held") return;
        if (body.status === "held") await pause(2);
      } else await pause(retryAfter);
    } catch { await pause(2); }
  }
}

watch();
