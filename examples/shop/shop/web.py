"""The pages of the shop, and the two routes that other services call. Clients that accept JSON get JSON."""
import logging
import uuid

import flask
from werkzeug.exceptions import HTTPException

from . import webhooks
from .http import Refused, TryLater
from .runner import LEASE

log = logging.getLogger("shop.web")


def application(settings, database, tickets, runner):
    app = flask.Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    receiver = webhooks.Receiver(database, runner)

    def answer(template, status=200, **data):
        if flask.request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return flask.jsonify(data), status
        return flask.render_template(template, price=settings.price, **data), status

    def found(purchase_id):
        purchase = database.purchase(purchase_id)
        if purchase is None:
            flask.abort(404)
        return purchase

    def shown(purchase):
        names = ("id", "event", "quantity", "amount", "state", "reason", "order_id", "expires_at")
        return {name: purchase[name] for name in names}

    @app.get("/")
    def browse():
        return answer("events.html", events=tickets.events())

    @app.get("/e/<event>")
    def event(event):
        # The id of the purchase is made with the form: a form that is sent twice is one purchase.
        return answer("event.html", event=tickets.event(event), purchase_id=str(uuid.uuid4()))

    @app.post("/purchases")
    def hold():
        form = flask.request.form
        try:
            purchase_id = str(uuid.UUID(form["id"]))
            quantity = int(form.get("quantity", "1"))
        except ValueError:
            flask.abort(400)
        email = form["email"].strip().lower()
        if not 1 <= quantity <= 10 or not 3 <= len(email) <= 128 or "@" not in email or not email.isprintable():
            flask.abort(400)
        # Written before the claim is sent: if the shop dies here, it claims again with the same key when it runs again.
        if database.insert(purchase_id, form["event"], quantity, email, quantity * settings.price, LEASE):
            runner.advance(purchase_id)
        purchase = found(purchase_id)
        if flask.request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return flask.jsonify(purchase=shown(purchase))
        return flask.redirect(f"/purchases/{purchase_id}", 303)

    @app.get("/purchases/<purchase_id>")
    def purchase(purchase_id):
        return answer("purchase.html", purchase=shown(found(purchase_id)))

    @app.post("/purchases/<purchase_id>/<wish>")
    def change(purchase_id, wish):
        """What a shopper wants: to pay, to give a hold back, to return tickets. The runner does it."""
        wishes = {"pay": ("held", "paying"), "cancel": ("held", "releasing"), "return": ("confirmed", "returning")}
        if wish not in wishes:
            flask.abort(404)
        before, after = wishes[wish]
        purchase = found(purchase_id)
        if purchase["state"] == before and database.move(purchase, after):
            runner.wake(purchase_id)
        if flask.request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return flask.jsonify(purchase=shown(found(purchase_id)))
        return flask.redirect(f"/purchases/{purchase_id}", 303)

    def received(secrets, handle):
        try:
            message = webhooks.verified(secrets, flask.request.get_data(), flask.request.headers)
        except webhooks.Unverified:
            return "", 401
        outcome = handle(flask.request.headers["webhook-id"], message)
        log.debug("%s %s: %s", message.get("type"), flask.request.headers["webhook-id"], outcome)
        # Every message that is verified is answered with success, also one that is not of interest: an error asks for it again.
        return "", 204

    @app.post("/webhooks/ticketblitz")
    def ticketblitz():
        file = settings.webhook_secret_file
        # Read each time: the secret can be rotated while the shop runs.
        return received(file.read_text().split() if file.exists() else [], receiver.order_changed)

    @app.post("/callbacks/payments")
    def payments():
        return received([settings.payment_secret], receiver.charge_changed)

    @app.get("/healthz")
    def health():
        return flask.jsonify(status="ok")

    @app.errorhandler(TryLater)
    def unavailable(failure):
        response = flask.make_response(flask.render_template("error.html", text="The box office does not answer; try again."), 503)
        response.headers["Retry-After"] = str(failure.seconds or 1)
        return response

    @app.errorhandler(Refused)
    def refused(refusal):
        return flask.render_template("error.html", text=refusal.problem.get("detail", refusal.code)), 404

    @app.errorhandler(HTTPException)
    def failed(error):
        return flask.render_template("error.html", text=error.name), error.code

    return app
