"""The calls to TicketBlitz. Each can be repeated: a claim with its key, the others as they are."""
from urllib.parse import quote

from .http import Service


class Tickets:
    def __init__(self, url, admin_token=None):
        self._service = Service(url, timeout=(2, 5))
        self._admin = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}

    def events(self):
        return self._service.send("GET", "/events")["events"]

    def event(self, event):
        return self._service.send("GET", f"/events/{quote(event, safe='')}")

    def claim(self, event, quantity, customer, key):
        """Holds tickets. The key leads to one order for 24 hours, however often the claim is sent."""
        return self._service.send(
            "POST", "/buy", {"event": event, "quantity": quantity, "customer": customer}, {"Idempotency-Key": key})

    def order(self, order):
        return self._service.send("GET", f"/orders/{order}")

    def confirm(self, order):
        return self._service.send("POST", f"/orders/{order}/confirm")

    def cancel(self, order):
        return self._service.send("POST", f"/orders/{order}/cancel")

    def put_event(self, event, terms):
        return self._service.send("PUT", f"/events/{quote(event, safe='')}", terms, self._admin)

    def orders_csv(self, event):
        return self._service.send("GET", f"/admin/events/{quote(event, safe='')}/orders.csv", headers=self._admin)

    def put_webhook(self, name, endpoint):
        return self._service.send("PUT", f"/admin/webhooks/{name}", endpoint, self._admin)

    def rotate_webhook(self, name):
        return self._service.send("POST", f"/admin/webhooks/{name}/rotate", headers=self._admin)
