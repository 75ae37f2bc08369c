// The waiting room of an event: its figures, and its rate, which can be changed while people are admitted.
import { count, element } from "/common.js";
import { explain, tag, tell } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

const REASONS = {
  not_open: "the sale is not open", paused: "the sale is paused", closed: "the sale has ended", behind: "the ledger is behind",
  sold_out: "nothing is left", all_held: "all units are held", passes: "as many passes are unused as units are available",
};

/**
 * `section` is hidden while the event has no room. `draw(event)` reads the room and shows it; `change(terms, message)` changes the
 * event.
 */
export function waitingRoom(path, signal, change) {
  const place = element("div");
  const figures = element("dl", { class: "figures" });
  const rate = element("input", { name: "rate", type: "number", min: 1, max: 1e5, required: true, autocomplete: "off" });
  const form = element("form", { class: "row" }, element("label", {}, "People admitted a second", rate), element("button", { class: "main" }, "Set the rate"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change({ admission_rate: Number(rate.value) }, `${count(Number(rate.value))} people are admitted each second.`);
  });
  const section = element("section", { "aria-labelledby": "room-heading", hidden: true },
    element("h2", { id: "room-heading" }, "Waiting room"), place, figures, mayChange() && form);
  let known = null; // the rate that the event has

  async function draw(event) {
    const now = event.admission_rate ?? null;
    section.hidden = now === null || event.archived === true;
    // What the user is typing stays.
    if (now !== known && document.activeElement !== rate) rate.value = String(now ?? "");
    known = now;
    if (section.hidden) return;
    const response = await call(`${path}/room`, { signal });
    if (signal.aborted) return;
    if (!response.ok) { tell(place, "refusal", explain(response)); return; }
    if (place.firstChild) tell(place);
    const { state, reason, places, waiting, admitted, unused_passes: unused } = response.body;
    figures.replaceChildren(...[
      ["Room", tag(state ?? "lobby")], ["Places", count(places ?? 0)], ["Waiting", count(waiting ?? 0)], ["Admitted", count(admitted ?? 0)],
      ["Unused passes", count(unused ?? 0)], reason && ["Nobody is admitted", element("small", {}, REASONS[reason] ?? reason)],
    ].filter(Boolean).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  }
  return { section, draw };
}
