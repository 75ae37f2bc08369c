"""Registers the shop's endpoint for webhooks. The secret is shown once, in the response that creates the endpoint."""
import logging
import os

from .http import Refused, TryLater

TYPES = ["order.confirmed", "order.cancelled", "order.expired", "order.rejected"]
log = logging.getLogger("shop.register")


def register(settings, tickets):
    """Registers the endpoint unless the shop has its secret already. Without it the shop works too, but learns less."""
    if settings.admin_token is None or settings.webhook_secret_file.exists():
        return
    url = f"{settings.public_url}/webhooks/ticketblitz"
    try:
        endpoint = tickets.put_webhook("shop", {"url": url, "types": TYPES})
        if "secret" not in endpoint:
            # The endpoint exists and its secret was lost with the state of an earlier shop.
            endpoint = tickets.rotate_webhook("shop")
        keep(settings.webhook_secret_file, endpoint["secret"])
        log.info("webhooks arrive at %s", url)
    except (Refused, TryLater) as error:
        log.warning("no webhooks: %s", error)


def keep(path, secret):
    """Writes the secret so that only the shop can read it, and so that the file is never half written."""
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret + "\n")
        os.fsync(file.fileno())
    draft.replace(path)
