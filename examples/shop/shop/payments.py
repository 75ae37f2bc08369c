"""The calls to the payment provider. The key of a purchase leads to one charge, however often it is sent."""
from .http import Service


class Payments:
    def __init__(self, url):
        self._service = Service(url, timeout=(2, 3))

    def charge(self, key, amount, callback):
        """Charges an amount, or finds the charge of the key. `status` is processing, succeeded, declined or refunded."""
        return self._service.send("POST", "/charges", {"amount": amount, "callback": callback}, {"Idempotency-Key": key})

    def refund(self, charge):
        return self._service.send("POST", f"/charges/{charge}/refund")

    def charges(self):
        return self._service.send("GET", "/charges")["charges"]
