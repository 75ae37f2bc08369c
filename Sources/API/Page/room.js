// The place of this browser in the waiting room of an event: followed, and what its state means. Only the pages of events
// that have a room load this.
import { countdown, counted, find, moment, request, serverNow, set, show, spoken, stream, until, write } from "/common.js";

const ENDS = ["expired", "sold_out", "over"]; // the states after which the stream ends
const GONE = ["place-not-found", "no-room", "event-not-found"];

/**
 * Follows the place that `kept` has, `{ id, customer, state, pass, expires_at }`. `say` is an announcer; `render` is called after
 * each news of the place. `path` is the event's.
 */
export function waitingRoom(kept, path, { say, render }) {
  let seen = {}; // what the service said last
  let watched = null; // { id, stream }
  let commitment = null;
  let askedAt = 0;

  const take = (id, body) => {
    const { place } = kept.read();
    if (place?.id !== id) return;
    seen = body;
    const { state, pass, expires_at } = body;
    if (place.state !== state || place.expires_at !== expires_at) kept.change((all) => { all.place = { ...place, state, pass, expires_at }; });
    follow();
    if (state === "lobby" && commitment === null) readCommitment();
    render();
    if (place.state !== state) say(state === "over" ? "Your place has ended." : find("room-title").textContent);
  };
  const lost = (id, problem) => { if (GONE.includes(problem?.code)) take(id, { state: "over" }); };
  const read = async (id) => {
    const { ok, body, problem } = await request(`/room/${id}`);
    if (ok) take(id, body); else lost(id, problem);
  };
  const readCommitment = async () => {
    commitment = "";
    const { ok, body } = await request(`${path}/room`);
    commitment = (ok && body.commitment) || null;
  };

  /** Watches the kept place, if something can happen to it. */
  const follow = () => {
    const { place } = kept.read();
    const id = place && !ENDS.includes(place.state) ? place.id : null;
    if (id === (watched?.id ?? null)) return;
    watched?.stream.close();
    watched = id && {
      id,
      stream: stream(`/room/${id}/live`, {
        onMessage: ({ data }) => take(id, data),
        onState: (_, problem) => lost(id, problem),
        fallback: () => read(id),
        ends: ({ data }) => ENDS.includes(data.state),
      }),
    };
  };
  const isOut = () => {
    const { place } = kept.read();
    return !place || ["expired", "over"].includes(place.state) || (place.state === "admitted" && until(place.expires_at) <= 0);
  };

  return {
    follow,
    isOut,
    /** Follows a place that was given now, and moves the focus to it. */
    added(body) {
      seen = body;
      if (body.state === "lobby" && commitment === null) readCommitment();
      follow();
      render();
      find("room-title").focus();
      say(find("room-title").textContent);
    },
    /** What a refusal means that has to do with the room, or undefined. A place that does not count any more is over. */
    refusal({ code, available, opens_at: opens }) {
      const state = { "pass-required": "over", "pass-invalid": "over", "pass-expired": "expired" }[code];
      if (state) kept.change((all) => { if (all.place) all.place = { ...all.place, state }; });
      follow();
      return {
        "pass-required": "This sale has a waiting room: join it to buy.",
        "pass-invalid": "Your place does not count any more. Join the waiting room again.",
        "pass-expired": "Your time to buy was over. Join the waiting room again.",
        "pass-used": available > 0 ? `You can buy ${counted(available, "more ticket")} with your place.` : "You have bought all that your place allows.",
        "room-not-open": opens && `The waiting room opens ${moment(opens)}.`,
        "proof-refused": "The shop did not let you join the waiting room.",
      }[code];
    },
    /** Why one cannot join now, as the button's text; null if one can. */
    cannotJoin({ lobby_opens_at: opens }) {
      return opens && until(opens) > 0 ? `Waiting room opens in ${countdown(until(opens))}` : null;
    },
    terms: (phase) => (phase === "scheduled" ? "All who join before the sale opens are drawn." : "People are admitted in the order in which they join."),
    /** Why there is no place any more, as a notice; null if there was none. */
    ended() {
      const { place } = kept.read();
      return place && { text: `${place.state === "over" ? "Your place has ended." : "Your time to buy is over."} Join again for a new place.`, tone: "plain" };
    },
    /** The place whose pass is valid. */
    admitted() {
      const { place } = kept.read();
      return place?.state === "admitted" && until(place.expires_at) > 0 ? place : null;
    },
    render(event, phase) {
      const { place } = kept.read();
      const isShown = event.admission_rate && !["closed", "archived"].includes(phase) && !isOut();
      show(find("room"), isShown);
      if (!isShown) return;
      // The stream of a place that found nothing left is over. If something comes back, the place waits again.
      if (place.state === "sold_out" && event.available > 0 && serverNow() - askedAt > 5000) {
        askedAt = serverNow();
        read(place.id);
      }
      const [title, left, text] = meaning({ ...seen, ...place, opens_at: seen.opens_at }, commitment);
      write(find("room-title"), title);
      show(find("room-left"), left !== null);
      if (left !== null) {
        write(find("room-left"), countdown(left));
        set(find("room-left"), { "aria-label": `${spoken(left)} left` });
      }
      write(find("room-text"), text);
    },
  };
}

/** What a place means: a title, the milliseconds of a countdown or null, and a text. */
export function meaning({ state, opens_at: opens, ahead, estimate_s: estimate, reason, expires_at: end }, commitment) {
  switch (state) {
    case "lobby": {
      const left = opens && until(opens) > 0 ? until(opens) : null;
      return ["You are in the waiting room", left, `${left === null ? "The order is being drawn." : `The sale opens ${moment(opens)}. Then the order of all who are here is drawn.`}`
        + (commitment ? ` The draw can be checked: it is committed to ${commitment}.` : "")];
    }
    case "waiting": return [ahead === 0 ? "You are next" : ahead > 0 ? `${counted(ahead, "person").replace("persons", "people")} before you` : "You are waiting", null,
      [reason ? reasons[reason] : estimate > 0 ? `About ${spoken(estimate * 1000)}.` : "", "A reload keeps your place."].filter(Boolean).join(" ")];
    case "admitted": return ["It is your turn", until(end), "Buy before this time is over."];
    case "sold_out": return ["No tickets are left", null, "If one comes back, you wait on."];
    default: return ["Your time to buy is over", null, ""];
  }
}

const reasons = {
  not_open: "The sale is not open.", paused: "The sale is paused.", closed: "The sale has ended.",
  behind: "Nobody is admitted for a moment: orders are still being recorded.", sold_out: "Nobody is admitted: no tickets are left.",
  all_held: "Nobody is admitted: others hold all tickets. Those that are not bought come back.",
  passes: "As many people are admitted as there are tickets. If one does not buy, the next is admitted.",
};
