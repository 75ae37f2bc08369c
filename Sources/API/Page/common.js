// What all pages share. Data from the service is inserted as text, never as markup.

// The document

const SVG = new Set(["svg", "g", "path", "rect", "line", "circle", "polyline", "polygon", "title", "text"]);

/**
 * Makes an element. A child is an element or a text; null, undefined and false are left out. An attribute that is a function
 * is a listener (`{ click: () => … }`); true sets it empty; false, null and undefined leave it out.
 */
export function element(name, attributes = {}, ...children) {
  const made = SVG.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  set(made, attributes);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Sets attributes as `element` does, and removes those whose value is false, null or undefined. */
export function set(target, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") target.addEventListener(key, value);
    else if (value === false || value === null || value === undefined) target.removeAttribute(key);
    else if (target.getAttribute(key) !== String(value === true ? "" : value)) target.setAttribute(key, value === true ? "" : value);
  }
  return target;
}

/** The element with an id. */
export const find = (id) => document.getElementById(id);

/** Sets an element's text if it differs, so that a screen reader does not repeat it. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Shows or hides an element. */
export const show = (target, isShown) => { if (target.hidden === Boolean(isShown)) target.hidden = !isShown; };

/** Says texts through an element with role=status: one every `seconds` at most, and of several the newest. */
export function announcer(target, seconds = 3) {
  let next = null;
  let timer = null;
  const say = () => {
    timer = null;
    if (next === null) return;
    write(target, next);
    next = null;
    timer = setTimeout(say, seconds * 1000);
  };
  return (text) => {
    if (next === null && target.textContent === text) return;
    next = text;
    if (timer === null) say();
  };
}

// Requests

/** Resolves after some seconds, or when an AbortSignal is aborted. */
export const wait = (seconds, signal) => new Promise((done) => {
  if (signal?.aborted) return done();
  const timer = setTimeout(done, seconds * 1000);
  signal?.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
});

/** A random idempotency key: a purchase that is sent again with it leads to the same order. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Sends a request and resolves to what became of it; it never rejects.
 *
 * - `status`: 0 if there was no response, so that it is not known what the request did.
 * - `ok`: whether the status is 2xx. Otherwise `problem` is `{ code, title, detail, … }`, with the code `offline` or
 *   `no-response` if the status is 0.
 * - `body`: the JSON of the response, or its text. `headers`: its headers.
 * - `retryAfter`: seconds after which to send it again, if the service says so and for 429, 502, 503 and 504.
 *
 * Options: `method`, `body` (sent as JSON), `headers`, `key` (for idempotency), `seconds` (the time limit), `signal`.
 */
export async function request(path, { method = "GET", body, headers = {}, key, seconds = 20, signal } = {}) {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const timer = setTimeout(stop, seconds * 1000);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const sentAt = performance.now();
    const response = await fetch(path, {
      method, cache: "no-store", credentials: "omit", redirect: "error", signal: abort.signal,
      headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...(key && { "Idempotency-Key": key }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    noteDate(response, sentAt);
    return await outcome(response);
  } catch {
    return noResponse();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

const noResponse = () => ({
  status: 0, ok: false, headers: new Headers(),
  problem: navigator.onLine === false
    ? { code: "offline", title: "You are offline", detail: "Your device has no connection." }
    : { code: "no-response", title: "No response", detail: "The service does not respond." },
});

async function outcome(response) {
  const text = await response.text();
  const type = response.headers.get("Content-Type");
  // The page of a captive portal is no response of the service.
  if (response.ok && /html/.test(type)) return noResponse();
  let body = text;
  try { if (/json/.test(type)) body = JSON.parse(text); } catch { if (response.ok) return noResponse(); }
  const made = { status: response.status, ok: response.ok, body, headers: response.headers };
  const after = Number(response.headers.get("Retry-After"));
  if (after > 0) made.retryAfter = after;
  else if ([429, 502, 503, 504].includes(response.status)) made.retryAfter = 2;
  if (!response.ok) {
    made.problem = body?.code ? body
      : { code: `http-${response.status}`, title: `Status ${response.status}`, detail: `The service responds with status ${response.status}.` };
  }
  return made;
}

// Streams of server-sent events

/**
 * Reads a stream of server-sent events, until it is over or `close()` of the result is called. It connects again as the
 * service says (`retry`, `Retry-After`), with `Last-Event-ID`, and at once when the device is online or the page visible
 * again. A hidden page has no connection. It uses fetch: EventSource sends no `Authorization` and hides a refusal's status.
 *
 * - `onMessage({ event, data, id })`: `event` is "message" if it has no name; `data` is parsed JSON.
 * - `onState(state, problem)`: "live" when data arrive; "waiting" when a connection is lost or refused; "over" after 204, or
 *   after a refusal that no repetition changes.
 * - `fallback()`: called every 3 seconds while no data arrive, to read the same by requests. Awaited.
 * - `headers`: of the request. `ends(message)`: whether the stream is over after a message.
 */
export function stream(path, { onMessage, onState = () => {}, fallback, headers = {}, ends = () => false }) {
  const over = new AbortController();
  let connection = null;
  let hurry = new AbortController(); // ends a wait
  let lastID = null;
  let retry = 2; // seconds
  let failures = 0;
  let isLive = false;

  const connect = async () => {
    const release = await takePlace();
    if (release === null) { fallback?.(); return { isCrowded: true }; }
    connection = new AbortController();
    if (over.signal.aborted) connection.abort();
    // Comments come every 15 seconds: a connection that is silent for longer is dead.
    let silence = null;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => connection?.abort(), 40_000);
    };
    const current = connection;
    heard();
    try {
      const sentAt = performance.now();
      const response = await fetch(path, {
        cache: "no-store", credentials: "omit", redirect: "error", signal: current.signal,
        headers: { Accept: "text/event-stream", ...(lastID && { "Last-Event-ID": lastID }), ...headers },
      });
      noteDate(response, sentAt);
      if (response.status === 204) return { isOver: true };
      if (!response.ok) {
        const { status, problem, retryAfter } = await outcome(response);
        const passes = status >= 500 || [408, 425, 429].includes(status) || problem.code.startsWith("http-");
        return { isOver: !passes, problem, retryAfter };
      }
      if (!/event-stream/.test(response.headers.get("Content-Type"))) return { problem: noResponse().problem };
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parse = parser();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return {};
        heard();
        failures = 0;
        if (!isLive) { isLive = true; onState("live"); }
        for (const message of parse(value)) {
          if (message.retry !== undefined) retry = message.retry / 1000;
          if (message.id !== undefined) lastID = message.id;
          if (message.data === undefined) continue;
          onMessage(message);
          if (ends(message)) { current.abort(); return { isOver: true }; }
        }
      }
    } catch {
      return current.signal.aborted ? {} : { problem: noResponse().problem };
    } finally {
      clearTimeout(silence);
      connection = null;
      release();
    }
  };

  const run = async () => {
    while (!over.signal.aborted) {
      if (document.visibilityState === "hidden") { await pause(3600); continue; } // until it is visible
      const { isOver, isCrowded, problem, retryAfter } = await connect();
      isLive = false;
      if (over.signal.aborted) return;
      if (isOver) { over.abort(); onState("over", problem); return; }
      if (problem) failures += 1;
      onState("waiting", problem);
      if (document.visibilityState === "hidden") continue;
      if (retryAfter) await wait(retryAfter, over.signal); // As the service says, whatever happens meanwhile.
      else if (isCrowded) await pause(8 + Math.random() * 4);
      else await pause(problem ? Math.min(15, 2 ** failures) * (0.5 + Math.random() / 2) : retry);
    }
  };
  const pause = async (seconds) => {
    hurry = new AbortController();
    await wait(seconds, hurry.signal);
  };

  let hiding = null;
  const visibility = () => {
    clearTimeout(hiding);
    if (document.visibilityState === "hidden") hiding = setTimeout(() => connection?.abort(), 3000);
    else hurry.abort();
  };
  const online = () => hurry.abort();
  const offline = () => connection?.abort();
  document.addEventListener("visibilitychange", visibility, { signal: over.signal });
  addEventListener("online", online, { signal: over.signal });
  addEventListener("offline", offline, { signal: over.signal });

  const substitute = async () => {
    while (!over.signal.aborted) {
      await wait(3, over.signal);
      if (!isLive && !over.signal.aborted && document.visibilityState === "visible" && navigator.onLine !== false) await fallback();
    }
  };
  run();
  if (fallback) substitute();
  return { close() { over.abort(); hurry.abort(); connection?.abort(); } };
}

/**
 * One of four places for the streams of all tabs, as the function that gives it back; null if all are taken. A browser has
 * six connections to a server of HTTP/1.1: with six streams no request would ever be sent.
 */
async function takePlace() {
  if (!navigator.locks) return () => {};
  for (let place = 0; place < 4; place += 1) {
    const release = await new Promise((done) => {
      navigator.locks.request(`ticketblitz:stream:${place}`, { ifAvailable: true }, (lock) => (lock ? new Promise((end) => done(end)) : done(null)))
        .catch(() => done(null));
    });
    if (release) return release;
  }
  return null;
}

/** A function that takes text and returns the messages that it completes: `{ event, data, id }` or `{ retry }`. */
function parser() {
  let rest = "";
  let fields = {};
  return (text) => {
    const messages = [];
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (fields.data !== undefined) messages.push({ event: fields.event || "message", id: fields.id, data: JSON.parse(fields.data) });
        fields = {};
        continue;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (name === "data") fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`;
      else if (name === "event" || name === "id") fields[name] = value;
      else if (name === "retry" && /^\d+$/.test(value)) messages.push({ retry: Number(value) });
    }
    return messages;
  };
}

// The server's clock

// The server's clock minus the browser's monotonic one lies between these two. `Date` is a whole second; each one narrows.
let bounds = { low: -Infinity, high: Infinity };
let lead = Date.now() - performance.now();

function noteDate(response, sentAt) {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(date)) return;
  const age = (Number(response.headers.get("Age")) || 0) * 1000;
  const low = date + age - performance.now();
  const high = date + age + 1000 - sentAt;
  const [narrowLow, narrowHigh] = [Math.max(low, bounds.low), Math.min(high, bounds.high)];
  bounds = narrowLow <= narrowHigh ? { low: narrowLow, high: narrowHigh } : { low, high };
}

/** The server's time in milliseconds since 1970, to about half a second, whatever the device's clock says. */
export function serverNow() {
  return Number.isFinite(bounds.low) ? performance.now() + (bounds.low + bounds.high) / 2 : Date.now();
}

/** Milliseconds by the server's clock until a time (RFC 3339); negative when it has passed. */
export const until = (time) => Date.parse(time) - serverNow();

/** Calls a function at once and at each new second of the server's clock. Returns a function that stops it. */
export function everySecond(body) {
  let timer = null;
  const tick = () => {
    body();
    timer = setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
  };
  tick();
  return () => clearTimeout(timer);
}

/** Calls a function when what the page shows may be old: it is visible or online again, or the device has slept. */
export function onAwake(body) {
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") body(); });
  addEventListener("pageshow", (event) => { if (event.persisted) body(); });
  addEventListener("online", () => body());
  setInterval(() => {
    // The monotonic clock stands still in a sleep; the other one does not.
    const now = Date.now() - performance.now();
    if (Math.abs(now - lead) > 2000) {
      bounds = { low: -Infinity, high: Infinity };
      body();
    }
    lead = now;
  }, 1000);
}

// Texts

const language = /^en\b/.test(navigator.language) ? navigator.language : "en-GB";
const plain = new Intl.NumberFormat(language);

/** 12345 as "12,345". */
export const count = (number) => plain.format(number);

/** "1 ticket", "2 tickets". */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Milliseconds as "0:45", "1:02:03", or "3 d 04:05:06"; rounded up to seconds; "0:00" if negative. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const rest = two(seconds % 60);
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}:${rest}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Milliseconds for a screen reader: "2 hours 5 minutes", "45 seconds". At most two units. */
export function spoken(milliseconds) {
  let seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [];
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    const whole = Math.floor(seconds / size);
    seconds -= whole * size;
    if (whole > 0) parts.push(counted(whole, unit));
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ") || "0 seconds";
}

/** A time (RFC 3339, or milliseconds) as the time of the day in the reader's time zone: "14:32:10". */
export const timeOfDay = (time) => new Date(time).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A time (RFC 3339, or milliseconds) as date and time: "Sun 29 Nov 2026, 14:32". */
export const dateTime = (time) => new Date(time).toLocaleString(language, {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});

/** A time as dateTime, with the seconds and without the date if it is today. */
export const moment = (time) => (new Date(time).toDateString() === new Date(serverNow()).toDateString() ? timeOfDay(time) : dateTime(time));

// What the browser keeps

/**
 * A value in localStorage, or in sessionStorage with `{ session: true }`, as JSON. If the browser keeps nothing, the value
 * lives as long as the page, and `isKept` is false. `onChange` is called when another tab changes it.
 */
export function stored(name, { session = false, onChange } = {}) {
  let memory = null;
  let area = null;
  try {
    area = session ? sessionStorage : localStorage;
    area.setItem("ticketblitz:probe", "1");
    area.removeItem("ticketblitz:probe");
  } catch { area = null; }
  if (area && onChange) addEventListener("storage", (event) => { if (event.storageArea === area && event.key === name) onChange(); });
  return {
    isKept: area !== null,
    read() {
      try { return area ? JSON.parse(area.getItem(name)) : memory; } catch { return memory; }
    },
    write(value) {
      memory = value;
      try {
        if (value === null) area?.removeItem(name); else area?.setItem(name, JSON.stringify(value));
      } catch { /* The storage is full: the value lives as long as the page. */ }
    },
  };
}
