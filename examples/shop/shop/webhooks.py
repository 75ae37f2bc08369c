"""Receives signed messages: webhooks of TicketBlitz, and callbacks of the payment provider (both are Standard Webhooks)."""
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from . import steps


class Unverified(Exception):
    """The signature is missing, wrong or too old. Nothing was done."""


def verified(secrets, body, headers):
    """The content of a message.

    - secrets: those that are valid now; two while a secret is being rotated.
    - body: the bytes as they arrived. A body that was parsed and written again has another signature.
    """
    for secret in secrets:
        try:
            return Webhook(secret).verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):
            continue
    raise Unverified


class Receiver:
    def __init__(self, database, runner):
        self._database, self._runner = database, runner

    def order_changed(self, message_id, message):
        """A webhook of TicketBlitz. Each message is delivered at least once, and can arrive after a later one."""
        change = message["data"]
        purchase = self._database.purchase_of_order(change.get("ticket_id"))
        if purchase is None or change.get("version", 0) <= purchase["version"]:
            return "ignored"  # another sales channel's order, or news that is older than what the shop has
        move = steps.after_webhook(purchase, change)
        state = purchase["state"] if move is steps.STAY else move.state
        mail = None if move is steps.STAY else move.mail
        fields = {} if move is steps.STAY else move.fields
        if move is steps.STAY:
            # Only the version is noted: the next step keeps its time.
            fields = {"attempts": purchase["attempts"], "due_at": purchase["due_at"]}
        moved = self._database.move(purchase, state, mail, message_id, version=change["version"], **fields)
        if moved and move is not steps.STAY:
            self._runner.wake(purchase["id"])
        return "noted" if moved else "received before, or moved on"

    def charge_changed(self, message_id, message):
        """A callback of the provider: late, twice, or for a purchase that has gone on meanwhile."""
        charge = message["data"]
        purchase = self._database.purchase(charge["key"])
        if purchase is None or purchase["state"] != "paying":
            return "ignored"
        move = steps.after_charge(charge)
        if move is steps.STAY:
            return "ignored"
        moved = self._database.move(purchase, move.state, move.mail, message_id, **move.fields)
        if moved:
            self._runner.wake(purchase["id"])
        return "noted" if moved else "received before, or moved on"
