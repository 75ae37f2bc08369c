"""Calls the merchant back, with signed messages, twice, and again if the merchant does not answer."""
import datetime
import heapq
import itertools
import json
import threading
import time
import uuid

import requests
from standardwebhooks.webhooks import Webhook


class Callbacks:
    def __init__(self, secret):
        self._webhook = Webhook(secret)
        self._due, self._changed, self._order = [], threading.Condition(), itertools.count()

    def start(self, threads):
        for _ in range(threads):
            threading.Thread(target=self._run, daemon=True).start()

    def call(self, seconds, charge, before=None):
        """Sends a message about a charge after some seconds; `before` is called then, and returns the charge."""
        self._put(time.monotonic() + seconds, (f"msg_{uuid.uuid4().hex}", charge, before, 0))

    def _put(self, at, call):
        with self._changed:
            heapq.heappush(self._due, (at, next(self._order), call))
            self._changed.notify()

    def _run(self):
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                message_id, charge, before, attempts = heapq.heappop(self._due)[2]
            charge = before() if before else charge
            accepted = self.send(message_id, charge)
            if accepted and attempts == 0:
                # Once more, with the same id: messages are delivered at least once.
                self._put(time.monotonic() + 0.2, (message_id, charge, None, 1))
            elif not accepted and attempts < 20:
                self._put(time.monotonic() + min(30, 0.5 * 2 ** attempts), (message_id, charge, None, attempts + 1))

    def send(self, message_id, charge):
        now = datetime.datetime.now(datetime.timezone.utc)
        data = {name: charge[name] for name in ("id", "key", "amount", "status")}
        body = json.dumps({"type": f"charge.{charge['status']}", "timestamp": now.isoformat(), "data": data})
        headers = {
            "Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(message_id, now, body),
        }
        try:
            return requests.post(charge["callback"], body, headers=headers, timeout=5, allow_redirects=False).ok
        except requests.RequestException:
            return False
