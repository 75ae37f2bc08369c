// Webhooks: the list, and a new one. One webhook is in webhook.js.
import { element } from "/common.js";
import { explain, head, redraw, repeat, table, tell } from "/console/parts.js";
import { secretCard } from "/console/secret.js";
import { call, mayChange } from "/console/session.js";
import { amount, one, state } from "/console/webhook.js";
import { editor } from "/console/webhook-terms.js";

export const webhooks = { title: "Webhooks", show: (root, [id]) => (id === undefined ? list(root) : id === "" ? create(root) : one(root, id)) };

const webhookPath = (id) => `#webhooks/${encodeURIComponent(id)}`;

function list(root) {
  const over = new AbortController();
  const place = element("div");
  const body = element("div");
  root.append(head("Webhooks", mayChange() && element("a", { href: "#webhooks/" }, "New webhook")),
    element("p", { class: "note" }, "Each is sent the changes of orders and events that it wants, as signed messages. A webhook without a URL is sent nothing: its changes are read."),
    place, body);
  repeat(async () => {
    const response = await call("/admin/webhooks", { signal: over.signal });
    if (over.signal.aborted) return;
    tell(place, "refusal", response.ok ? undefined : explain(response));
    if (response.ok) redraw(body, overview(response.body.webhooks));
  }, over.signal);
  return () => over.abort();
}

const overview = (found) => table("Webhooks", ["Webhook", "State", "URL", "Changes", "Events", ...["Pending", "Retrying", "Dead"].map((title) => ({ title, number: true }))],
  found.map((webhook) => [
    element("a", { href: webhookPath(webhook.id) }, webhook.id), state(webhook),
    // A query can be a secret; the view of one webhook has it.
    element("code", {}, webhook.url?.replace(/\?.*/, "?…") ?? ""),
    webhook.types?.join(", ") ?? "all", several(webhook.events),
    ...[webhook.pending, webhook.retrying, webhook.dead].map(amount),
  ]), { empty: "There are no webhooks." });

const several = (events) => (events === undefined ? "all" : events.length > 3 ? `${events.slice(0, 3).join(", ")} and ${events.length - 3} more` : events.join(", "));

function create(root) {
  root.append(head("New webhook", element("a", { href: "#webhooks" }, "All webhooks")), element("div", { class: "card" },
    editor(null, ({ id, secret }) => {
      // It was there already, so there is no secret to show.
      if (secret === undefined) { location.hash = webhookPath(id); return; }
      const card = secretCard(secret);
      root.replaceChildren(head(`${id} is created`, element("a", { href: webhookPath(id) }, "Show the webhook")), card);
      card.focus();
    })));
}
