"""Runs the shop until it is stopped. It can be killed at any time: what is unfinished goes on at the next start."""
import logging

import waitress

from .database import Database
from .mail import Mailer
from .payments import Payments
from .register import register
from .runner import Runner
from .settings import Settings
from .tickets import Tickets
from .web import application


def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    settings = Settings.of_environment()
    database = Database(settings.state / "shop.sqlite")
    tickets = Tickets(settings.tickets_url, settings.admin_token)
    runner = Runner(
        database, tickets, Payments(settings.provider_url), f"{settings.public_url}/callbacks/payments")
    register(settings, tickets)
    runner.start(threads=32)
    Mailer(database, settings.state / "mail.mbox").start()
    waitress.serve(
        application(settings, database, tickets, runner), host="127.0.0.1", port=settings.port, threads=16,
        connection_limit=500, ident=None, _quiet=True)


main()
