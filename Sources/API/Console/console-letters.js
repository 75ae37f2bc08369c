// Dead letters: entries of the queue that could not be settled. They can be put back once their cause is mended.
import { count, counted, element } from "/common.js";
import { eventPath } from "/console/events.js";
import { ask, button, explain, head, table, tell, time } from "/console/parts.js";
import { call, mayChange } from "/console/session.js";

export const letters = { title: "Dead letters", show };

function show(root) {
  const place = element("div");
  const body = element("div");
  const all = button("Put back all", () => ask({
    title: "Put back all dead letters?", verb: "Put back all", isDangerous: false,
    text: "The workers settle them again. Those that cannot be settled come back here.",
    action: async () => {
      const response = await call("/admin/dead-letters/requeue", { method: "POST", seconds: 60 });
      if (!response.ok) return explain(response);
      const { requeued, waiting } = response.body;
      await read(`${counted(requeued, "entry").replace("entrys", "entries")} put back.${waiting ? ` ${count(waiting)} wait for their event to be in Redis; put them back again.` : ""}`);
      return undefined;
    },
  }));
  all.hidden = true;
  root.append(head("Dead letters", button("Read again", () => read()), all),
    element("p", { class: "note" }, "The units of these orders stay claimed until the entries are put back and settled."), place, body);

  async function read(message) {
    const response = await call("/admin/dead-letters?limit=200");
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place, "done", message);
    const { dead_letters: found, count: total } = response.body;
    all.hidden = !mayChange() || total === 0;
    body.replaceChildren(table(
      total > found.length ? `The oldest ${count(found.length)} of ${count(total)}` : counted(total, "dead letter"),
      ["Since", "Reason", "Order", "Entry", ...(mayChange() ? ["Action"] : [])], found.map((letter) => row(letter)), { empty: "There are no dead letters." }));
    return undefined;
  }
  const row = (letter) => [
    time(letter.at), letter.reason,
    letter.ticket_id ? element("span", {}, element("a", { href: `#orders/${letter.ticket_id}` }, element("code", {}, letter.ticket_id)), ` ${letter.quantity} × `,
      element("a", { href: eventPath(letter.event) }, letter.event), ` ${letter.status}`) : "not readable",
    element("code", {}, letter.entry),
    ...(mayChange() ? [button("Put back", async () => {
      const response = await call(`/admin/dead-letters/${encodeURIComponent(letter.id)}/requeue`, { method: "POST" });
      if (!response.ok) return tell(place, "refusal", explain(response));
      return read("The entry is put back.");
    }, { "aria-label": `Put back the entry ${letter.id}` })] : []),
  ];
  read();
}
