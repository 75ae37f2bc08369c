// One webhook: its state, what it wants, what was sent to it, and what can be done with it.
import { count, element } from "/common.js";
import { deliveries } from "/console/deliveries.js";
import { ask, button, explain, head, redraw, repeat, tag, tell, time } from "/console/parts.js";
import { secretCard } from "/console/secret.js";
import { call, mayChange } from "/console/session.js";
import { editor } from "/console/webhook-terms.js";

// The service counts no further.
const MOST = 10_000;

/** A number of deliveries. */
export const amount = (number) => (number >= MOST ? `${count(MOST)} or more` : count(number));

/** What a webhook does, and why. */
export function state({ url, paused, pause_reason: reason, failures, retry_at: retryAt }) {
  if (paused) return reason === "gone" ? element("span", {}, tag("gone"), " it has answered 410") : tag("paused");
  if (!url) return element("span", {}, tag("no URL"), " its changes are read");
  if (failures === 0) return tag("active");
  return element("span", {}, tag("failing"), ...(retryAt ? [" nothing is sent before ", time(retryAt)] : [" one message is tried"]));
}

export function one(root, id) {
  const over = new AbortController();
  const path = `/admin/webhooks/${encodeURIComponent(id)}`;
  const [place, secrets, figures, actions, terms] = Array.from({ length: 5 }, () => element("div"));
  const sent = deliveries(path, over.signal);
  const body = element("div", { hidden: true }, figures, actions, element("h2", {}, "Terms"), terms, element("h2", {}, "Deliveries"), sent.root);
  root.append(head(id, element("a", { href: `#audit?subject=${encodeURIComponent(id)}` }, "Changes by administrators"), element("a", { href: "#webhooks" }, "All webhooks")),
    place, secrets, body);
  let shown = null;

  function draw(webhook) {
    shown = webhook;
    redraw(figures, element("div", {},
      element("dl", { class: "figures" }, [["Pending", webhook.pending], ["Retrying", webhook.retrying, "warn"], ["Dead", webhook.dead, "bad"], ["Pauses since a success", webhook.failures, "warn"]]
        .map(([name, value, kind]) => element("div", { class: value > 0 && kind }, element("dt", {}, name), element("dd", {}, amount(value))))),
      element("div", { class: "card" }, element("dl", { class: "facts" }, [
        ["State", state(webhook)], ["Created", time(webhook.created_at)], ["Changed", time(webhook.updated_at)],
        webhook.previous_secret_until && ["Former secret", element("span", {}, "signs too until ", time(webhook.previous_secret_until))],
      ].filter(Boolean).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])))));
    redraw(actions, element("p", { class: "buttons" }, mayChange() && buttons(webhook)));
  }
  function drawTerms() {
    terms.replaceChildren(element("div", { class: "card" }, editor(shown, (webhook) => {
      tell(place, "done", "The change is in effect.");
      draw(webhook);
      drawTerms();
    })));
  }
  const buttons = ({ paused, url }) => [
    paused
      ? button("Resume", () => pause(false, "Messages are sent again."), { class: "main" })
      : button("Pause", () => pause(true, "Nothing is sent. What changes meanwhile is sent later, for up to 30 days.")),
    !paused && url && button("Send a test message", test),
    button("Make a new secret", rotate),
    button("Delete", remove, { class: "danger" }),
  ].filter(Boolean);

  async function pause(paused, message) {
    const response = await call(path, { method: "PUT", body: { paused } });
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place, "done", message);
    return draw(response.body);
  }
  async function test() {
    const response = await call(`${path}/test`, { method: "POST" });
    if (!response.ok) return tell(place, "refusal", explain(response));
    tell(place, "done", `The test message is delivery ${response.body.delivery}.`);
    return sent.readNewest();
  }
  function rotate() {
    const former = shown.previous_secret_until ? " The secret before the present one does not sign any more." : "";
    ask({
      title: "Make a new secret?", verb: "Make a new secret", isDangerous: false,
      text: `For 24 hours each message is signed with the new secret and with the present one.${former}`,
      action: async () => {
        const response = await call(`${path}/rotate`, { method: "POST" });
        if (!response.ok) return explain(response);
        const { secret, ...webhook } = response.body;
        draw(webhook);
        tell(place);
        secrets.replaceChildren(secretCard(secret));
        return undefined;
      },
      after: () => secrets.firstChild.focus(),
    });
  }
  function remove() {
    ask({
      title: "Delete the webhook?", verb: "Delete", word: id,
      text: `What waits for it is deleted too: ${amount(shown.pending)} pending and ${amount(shown.retrying)} failed messages. This cannot be undone.`,
      action: async () => {
        const response = await call(path, { method: "DELETE" });
        if (!response.ok) return explain(response);
        location.hash = "#webhooks";
        return undefined;
      },
    });
  }

  repeat(async () => {
    const response = await call(path, { signal: over.signal });
    if (over.signal.aborted) return;
    const isGone = response.problem?.code === "webhook-not-found";
    if (isGone) { body.hidden = true; over.abort(); }
    // What is shown stays while the service does not respond.
    if (!response.ok) { if (!shown || isGone) tell(place, "refusal", explain(response)); return; }
    const isFirst = !shown;
    draw(response.body);
    if (!isFirst) return;
    tell(place);
    drawTerms();
    body.hidden = false;
    sent.begin();
  }, over.signal);
  return () => over.abort();
}
