"""Takes purchases on, step by step, until they are finished. The only place that tries again.

Every step is one request that can be repeated, and one compare-and-set in the database. So it does not matter where a step is
broken off, or whether two threads make the same one: the next try continues.
"""
import logging
import queue
import random
import threading
import time

from . import steps
from .http import Refused, TryLater

LEASE = 30  # seconds: longer than a step takes
log = logging.getLogger("shop.runner")


class Runner:
    def __init__(self, database, tickets, payments, callback):
        self._database, self._tickets, self._payments = database, tickets, payments
        self._callback = callback
        self._queue = queue.SimpleQueue()

    def start(self, threads):
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()
        threading.Thread(target=self._look, daemon=True).start()

    def wake(self, purchase_id):
        """The purchase has a next step now."""
        self._queue.put(purchase_id)

    def _work(self):
        while True:
            purchase_id = self._queue.get()
            try:
                self.advance(purchase_id)
            except Exception:  # a defect must not end the thread; the purchase is tried again when its lease is over
                log.exception("purchase %s", purchase_id)

    def _look(self):
        """Finds what a restart, a failure or a missing callback has left."""
        while True:
            try:
                for purchase in self._database.lease_due(100, LEASE):
                    self._queue.put(purchase["id"])
            except Exception:
                log.exception("looking for purchases")
            time.sleep(0.25)

    def advance(self, purchase_id):
        """Takes a purchase on as far as it goes now."""
        while True:
            purchase = self._database.purchase(purchase_id)
            make = getattr(self, "_" + purchase["state"], None)
            if make is None or purchase["state"] == "held" and not steps.is_over(purchase, time.time()):
                return purchase  # finished, or the shopper's turn
            try:
                move = make(purchase)
            except TryLater as failure:
                # As the service says, or longer each time, and not everybody in the same moment.
                seconds = failure.seconds or min(30, 0.5 * 2 ** min(purchase["attempts"], 8))
                self._database.postpone(purchase, seconds + random.random() / 2)
                return self._database.purchase(purchase_id)
            if move is steps.STAY:
                self._database.postpone(purchase, 1 + random.random())
                return self._database.purchase(purchase_id)
            self._database.move(purchase, move.state, move.mail, **move.fields)

    def _new(self, purchase):
        try:
            order = self._tickets.claim(purchase["event"], purchase["quantity"], purchase["email"], purchase["id"])
        except Refused as refusal:
            return steps.after_refused_claim(refusal.code)
        return steps.after_claim(order)

    def _held(self, purchase):
        return steps.after_look(self._tickets.order(purchase["order_id"]))

    def _paying(self, purchase):
        try:
            charge = self._payments.charge(purchase["id"], purchase["amount"], self._callback)
        except Refused as refusal:
            return steps.Move("releasing", "declined", {"reason": refusal.code})
        return steps.after_charge(charge)

    def _paid(self, purchase):
        try:
            order = self._tickets.confirm(purchase["order_id"])
        except Refused as refusal:
            return steps.after_refused_confirmation(refusal.code, refusal.problem)
        return steps.after_confirmation(order)

    def _releasing(self, purchase):
        try:
            self._tickets.cancel(purchase["order_id"])
        except Refused as refusal:
            return steps.after_refused_cancellation(purchase, refusal.problem)
        return steps.after_cancellation(purchase)

    _returning = _releasing

    def _refunding(self, purchase):
        return steps.after_refund(self._payments.refund(purchase["charge_id"]))
