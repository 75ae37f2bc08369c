// The comparison of both stores, event by event; it repairs what is safe to repair.
import { count, element, wait } from "/common.js";
import { eventPath } from "/console/events.js";
import { explain, head, say, table, tag, tell } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

export const comparison = { title: "Compare", show };

const DRIFTS = ["available", "pending", "held", "sold", "customers", "records"];
const signed = (value) => (value > 0 ? `+${count(value)}` : value < 0 ? `−${count(-value)}` : "0");

function show(root) {
  const over = new AbortController();
  const place = element("div");
  const body = element("div");
  const input = element("input", { name: "event", maxlength: 64, autocomplete: "off", spellcheck: "false" });
  const go = element("button", { class: "main" }, "Compare");
  const form = element("form", { class: "row" }, element("label", {}, "Event (empty for all)", input), go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    await compare(input.value.trim());
    go.disabled = false;
  });
  root.append(head("Compare both stores"),
    element("p", { class: "note" }, "Compares what Redis and the ledger say of each event: counters, the units of each customer, records and holds. "
      + "Differences that are safe to repair are repaired. A sale can go on meanwhile."),
    mayChange() ? form : element("p", { class: "notice" }, "Comparing repairs differences, so it needs the role operator."), place, body);

  async function compare(event) {
    const results = [];
    let after = "";
    body.replaceChildren();
    for (;;) {
      const response = await call(`/admin/reconcile${after && `?after=${encodeURIComponent(after)}`}`, { method: "POST", seconds: 120, signal: over.signal, ...(event && { body: { event } }) });
      if (over.signal.aborted) return;
      if (!response.ok && response.retryAfter && response.status !== 0 && results.length > 0) { await wait(response.retryAfter, over.signal); continue; }
      if (!response.ok) { tell(place, "refusal", explain(response)); break; }
      results.push(...response.body.events);
      tell(place, "notice", `${count(results.length)} compared`);
      const last = response.body.events.at(-1)?.event;
      if (event || response.body.events.length < 1000 || !last) { summary(results); break; }
      after = last;
    }
    draw(results);
  }
  function summary(results) {
    const different = results.filter(({ outcome }) => outcome !== "consistent").length;
    tell(place, different === 0 ? "done" : "notice", different === 0
      ? `Both stores agree on ${count(results.length)} ${results.length === 1 ? "event" : "events"}.`
      : `${count(different)} of ${count(results.length)} ${results.length === 1 ? "event" : "events"} differed or could not be compared.`);
  }
  function draw(results) {
    const order = (result) => (result.outcome === "consistent" ? 1 : 0);
    const shown = results.toSorted((one, other) => order(one) - order(other)).slice(0, 1000);
    body.replaceChildren(table("Differences of Redis before the repair", ["Event", "Result", { title: "Under way", number: true }, ...DRIFTS.map((title) => ({ title, number: true }))],
      shown.map((result) => [element("a", { href: eventPath(result.event) }, result.event), element("span", {}, tag(result.outcome), result.reason && ` ${result.reason}`),
        result.under_way === undefined ? "" : count(result.under_way), ...DRIFTS.map((name) => (result.drift ? signed(result.drift[name]) : ""))]),
      { empty: "There are no events." }));
    say("The comparison has ended.");
  }
  return () => over.abort();
}
