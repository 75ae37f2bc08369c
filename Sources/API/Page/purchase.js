// One purchase, or one place in a waiting room or on a waiting list: it is kept with its idempotency key before it is sent, and
// until its outcome is known. So it can be sent again after a failure and after a reload, and leads to one order or place.
import { newKey, request, serverNow, wait } from "/common.js";

const RESUMED = 10 * 60_000; // A younger purchase goes on by itself after a reload; an older one if the buyer says so.
const HARMLESS = ["queue-full", "recovering", "too-many-clients", "proof-unavailable"]; // With these, nothing was changed.
const FORGOTTEN = 23 * 3600_000; // The service knows a key for 24 hours.

/**
 * The purchase of an event; `kind` is "buy", "list" or "room". `onState` is called with what is under way, or null:
 *
 * - `{ phase: "sending" }`
 * - `{ phase: "waiting", ends, problem, isUnknown }`: sent again at `ends` (milliseconds of the server's clock).
 * - `{ phase: "unknown" }`: stopped; whether the purchase was made is not known.
 * - `{ phase: "elsewhere" }`: another tab sends it.
 *
 * `onAccepted(body, wanted)` and `onRefused(problem, retryAfter, wanted)` are called at the end with what was kept.
 */
export function purchasing(event, kept, { onState, onAccepted, onRefused }) {
  let stopping = null; // an AbortController while it runs

  const report = (state) => onState(state);
  const goesOn = (kept) => !kept.isStopped && Date.now() - kept.at < RESUMED;
  const put = (purchase) => kept.change((present) => { present.purchase = purchase; });
  const present = () => {
    const { purchase } = kept.read();
    if (purchase && Date.now() - purchase.at > FORGOTTEN) { put(null); return null; }
    return purchase;
  };

  /** Whether another try can have another outcome. */
  const mayRepeat = ({ status, problem, retryAfter }) => status === 0 || status === 408 || status >= 500 || problem.code === "rate-limited"
    || (problem.code === "room-not-open" && retryAfter < 5); // by the page's clock it is open
  /** Whether a response leaves open what became of the purchase. Only some say that nothing was changed. */
  const leavesOpen = ({ status, problem }) =>
    !(["rate-limited", "room-not-open"].includes(problem.code) || (status === 503 && (HARMLESS.includes(problem.code) || /nothing was changed/i.test(problem.detail))));

  const send = async (signal) => {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const wanted = present();
      if (!wanted) { report(null); return; }
      report({ phase: "sending", attempt });
      const wasOpen = wanted.isOpen;
      put({ ...wanted, isOpen: true });
      const { kind = "buy", quantity, customer, pass } = wanted;
      const path = { buy: "/buy", list: `/events/${event}/waitlist`, room: `/events/${event}/room` }[kind];
      const result = await request(path, {
        method: "POST", key: wanted.key, seconds: 15, signal, headers: pass && { "Admission-Pass": pass },
        body: { ...(kind === "buy" && { event }), ...(kind !== "room" && { quantity }), ...(customer && { customer }) },
      });
      if (result.ok) {
        put(null);
        report(null);
        onAccepted(result.body, wanted);
        return;
      }
      if (!mayRepeat(result)) {
        put(null);
        report(null);
        onRefused(result.problem, result.retryAfter, wanted);
        return;
      }
      const isOpen = wasOpen || leavesOpen(result);
      put({ ...wanted, isOpen });
      if (signal.aborted) break;
      // As the service says, or longer each time; and not everybody in the same moment.
      const seconds = (result.retryAfter ?? Math.min(8, 2 ** attempt)) + Math.random() / 2;
      report({ phase: "waiting", ends: serverNow() + seconds * 1000, problem: result.problem, isUnknown: isOpen });
      const early = new AbortController();
      signal.addEventListener("abort", () => early.abort(), { once: true });
      // Without a response nobody has said how long to wait.
      if (result.status === 0) addEventListener("online", () => early.abort(), { once: true, signal: early.signal });
      await wait(seconds, early.signal);
      early.abort();
    }
    const left = present();
    if (left?.isOpen) {
      put({ ...left, isStopped: true });
      report({ phase: "unknown" });
    } else {
      put(null);
      report(null);
    }
  };

  const run = async () => {
    if (stopping) return;
    stopping = new AbortController();
    const { signal } = stopping;
    try {
      // One tab sends; another one goes on if it is closed. Without TLS browsers have no locks; the key is the same then.
      if (!navigator.locks) { await send(signal); return; }
      const name = `ticketblitz:${event}`;
      const isMine = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
        if (lock) await send(signal);
        return lock !== null;
      });
      if (isMine) return;
      report({ phase: "elsewhere" });
      await navigator.locks.request(name, { signal }, () => send(signal)).catch(() => {});
    } finally {
      stopping = null;
    }
  };

  return {
    /** `pass` is sent with each repetition: an order is found by its key also after the pass has ended. */
    start(kind, quantity, customer, pass) {
      if (present()) return;
      put({ kind, key: newKey(), quantity, customer, pass, at: Date.now(), isOpen: false });
      run();
    },
    /** Goes on with the purchase that was kept, if there is one. */
    resume() {
      const kept = present();
      if (!kept) return;
      if (goesOn(kept)) run(); else report({ phase: "unknown" });
    },
    /** Asks the service again, because the buyer wants it. */
    again() {
      const kept = present();
      if (!kept) { report(null); return; }
      put({ ...kept, isStopped: false });
      run();
    },
    /** Stops sending, or forgets a purchase whose outcome is not known. */
    stop() {
      if (stopping) { stopping.abort(); return; }
      put(null);
      report(null);
    },
    /** Another tab has changed what is kept. */
    sync() {
      if (stopping) return;
      const kept = present();
      if (!kept) report(null);
      else if (!goesOn(kept)) report({ phase: "unknown" });
      else {
        report({ phase: "elsewhere" });
        setTimeout(run, 1000); // The tab whose buyer pressed the button comes first.
      }
    },
  };
}
