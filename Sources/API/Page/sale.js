// What the state of an event means for its buyers.
import { count, counted, moment, set } from "/common.js";

/** The phase of a sale: the event's status, and apart from it "held" (what others hold can come back) and "archived". */
export function phase({ archived, status, held }) {
  if (archived) return "archived";
  return status === "sold_out" && held > 0 ? "held" : status;
}

export const badges = {
  scheduled: "Not yet on sale", open: "On sale", held: "All held", sold_out: "Sold out", paused: "Paused", closed: "Ended", archived: "Over",
};

/** A sentence about the phase. `chance` is the time (milliseconds) at which the first hold of others ends, if it is known. */
export function lead(event, chance) {
  switch (phase(event)) {
    case "scheduled": return `The sale opens ${moment(event.opens_at)}.`;
    case "open": return event.closes_at ? `On sale until ${moment(event.closes_at)}.` : "";
    case "held": return "All remaining tickets are held by other buyers. "
      + (chance ? `Next chance at ${moment(chance)}.` : "Those that are not bought come back.");
    case "sold_out": return "All tickets are sold. If one is given back, it appears here.";
    case "paused": return "The sale is paused. This page shows when it goes on.";
    case "closed": return event.closes_at ? `The sale ended ${moment(event.closes_at)}.` : "The sale has ended.";
    default: return "This event is over.";
  }
}

/** "3 held · 4 being sold · 5 sold", without what is 0. */
export const figures = ({ held, pending, sold }) =>
  [held > 0 && `${count(held)} held`, pending > 0 && `${count(pending)} being sold`, `${count(sold)} sold`].filter(Boolean).join(" · ");

/** Draws what is sold and what is taken into two rectangles; all is 1000 wide. */
export function draw([sold, taken], event) {
  const share = (units) => Math.round((units * 1000) / Math.max(1, event.capacity));
  set(sold, { width: share(event.sold) });
  set(taken, { x: share(event.sold), width: share(event.held + event.pending) });
}

/** The most tickets of one order now, and why. `units`: what the customer can have in all, if there is a limit. */
export function most(event, units) {
  const limit = event.per_customer_limit;
  const reasons = [[event.max_quantity, `At most ${counted(event.max_quantity, "ticket")} in one order.`]];
  if (limit) {
    reasons.push([units, units >= limit ? `Each customer can have ${counted(limit, "ticket")}.`
      : units > 0 ? `Each customer can have ${count(limit)}: you can have ${count(units)} more.`
        : `You have all ${counted(limit, "ticket")} that one customer can have.`]);
  }
  if (phase(event) === "open") reasons.push([event.available, `Only ${count(event.available)} left.`]);
  return reasons.reduce((least, reason) => (reason[0] < least[0] ? reason : least));
}
