"""Runs the provider until it is stopped."""
import logging
import os
import pathlib
import time

import flask
import waitress

from .callbacks import Callbacks
from .charges import Charges, draw, manner, outcome

DECLINED = float(os.environ.get("PROVIDER_DECLINED", "0.33"))  # the part of the charges that are declined
LATE = float(os.environ.get("PROVIDER_LATE", "20"))  # the longest time until a late callback, in seconds; most are much earlier
SLOW = float(os.environ.get("PROVIDER_SLOW", "1"))  # the longest time until a slow answer
HANG = 6  # seconds; longer than merchants wait


def application(charges, callbacks):
    app = flask.Flask(__name__)

    def shown(charge):
        return flask.jsonify({name: charge[name] for name in ("id", "key", "amount", "status")})

    def settle_later(charge):
        status = outcome(charge["key"], DECLINED)
        callbacks.call(
            draw(charge["key"], "late") ** 3 * LATE, charge, lambda: charges.settle(charge["id"], status))

    @app.post("/charges")
    def charge():
        key = flask.request.headers.get("Idempotency-Key", "")
        wanted = flask.request.get_json()
        if not 1 <= len(key) <= 255 or type(wanted.get("amount")) is not int or wanted["amount"] < 1:
            return flask.jsonify(code="invalid-request"), 400
        its = manner(key)
        status = "processing" if its == "late" else outcome(key, DECLINED)
        charge, is_new = charges.create(key, wanted["amount"], wanted["callback"], status)
        if charge["amount"] != wanted["amount"]:
            return flask.jsonify(code="key-reused"), 422
        if not is_new:
            return shown(charge)
        if its == "late":
            settle_later(charge)
        elif its == "slow":
            time.sleep(draw(key, "slow") * SLOW)
        elif its == "lost":
            return flask.jsonify(code="internal-error"), 500
        elif its == "hanging":
            time.sleep(HANG)
        elif its == "eager":
            callbacks.call(0, charge)
            time.sleep(0.1)
        return shown(charge)

    @app.post("/charges/<charge_id>/refund")
    def refund(charge_id):
        charge = charges.refund(charge_id)
        if charge is None:
            return flask.jsonify(code="charge-not-found"), 404
        # Only what was paid can be given back. Repeating it changes nothing.
        return shown(charge) if charge["status"] == "refunded" else (flask.jsonify(code="not-paid"), 409)

    @app.get("/charges")
    def listed():
        return flask.jsonify(charges=[
            {name: charge[name] for name in ("id", "key", "amount", "status")} for charge in charges.all()])

    @app.get("/healthz")
    def health():
        return flask.jsonify(status="ok")

    for left in charges.unsettled():
        settle_later(left)
    return app


def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    state = pathlib.Path(os.environ.get("PROVIDER_STATE", ".run/provider"))
    state.mkdir(parents=True, exist_ok=True)
    callbacks = Callbacks(os.environ.get("PAYMENT_SECRET", "whsec_ZXhhbXBsZSBvbmx5OiBjaGFuZ2UgdGhpcw=="))
    callbacks.start(threads=4)
    # Many threads: most of them wait.
    waitress.serve(
        application(Charges(state / "provider.sqlite"), callbacks), host="127.0.0.1",
        port=int(os.environ.get("PROVIDER_PORT", "9393")), threads=64, connection_limit=500, ident=None, _quiet=True)


main()
