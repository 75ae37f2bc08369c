// The secret of a webhook. The service says it once; the page keeps it nowhere but in this card.
import { element, write } from "/common.js";
import { say } from "/console/parts.js";

/** A card with a secret. The caller moves the focus to it. */
export function secretCard(secret) {
  const shown = element("code", { id: "secret" }, secret);
  const note = element("span");
  const tell = (text) => { write(note, text); say(text); };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      tell("The secret is copied.");
    } catch {
      // Without TLS a page has no clipboard.
      getSelection().selectAllChildren(shown);
      tell("The browser does not let this page copy. The secret is selected: copy it with the keyboard.");
    }
  };
  const card = element("section", { class: "card secret", tabindex: -1, "aria-labelledby": "secret-title" },
    element("h2", { id: "secret-title" }, "Secret"),
    element("p", {}, "The receiver verifies messages with it. It is not shown again: store it now. If it is lost, make a new one."),
    element("p", {}, shown),
    element("p", { class: "buttons" },
      element("button", { type: "button", class: "main", click: copy }, "Copy the secret"),
      element("button", { type: "button", click: () => card.remove() }, "Hide"), note));
  return card;
}
