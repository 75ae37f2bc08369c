import base64
import datetime
import json
import pathlib
import tempfile
import unittest

from standardwebhooks.webhooks import Webhook

from shop.database import Database
from shop.settings import Settings
from shop.web import application

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes.").decode()
NEXT_SECRET = "whsec_" + base64.b64encode(b"the secret after it, of 32 bytes").decode()


class Woken(list):
    wake = list.append


class Webhooks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.settings = Settings(0, "", "", "", pathlib.Path(folder.name), 2500, None, SECRET)
        self.settings.webhook_secret_file.write_text(SECRET + "\n")
        self.database = Database(self.settings.state / "shop.sqlite")
        self.woken = Woken()
        self.client = application(self.settings, self.database, None, self.woken).test_client()

    def purchase(self, state):
        self.database.insert("p1", "gala", 1, "a@example.com", 2500, 30)
        self.database.move(self.database.purchase("p1"), state, order_id="o1", charge_id="c1")

    def send(self, path, data, message_id="msg_1", secrets=(SECRET,), at=None, body=None):
        at = at or datetime.datetime.now(datetime.timezone.utc)
        text = json.dumps({"type": "x", "timestamp": at.isoformat(), "data": data})
        signatures = " ".join(Webhook(secret).sign(message_id, at, text) for secret in secrets)
        headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signatures}
        return self.client.post(path, data=body or text, headers=headers).status_code

    def change(self, status, version, **more):
        data = {"ticket_id": "o1", "status": status, "version": version}
        return self.send("/webhooks/ticketblitz", data, **{"message_id": f"msg_{version}", **more})

    def state(self):
        return self.database.purchase("p1")["state"]

    def test_an_expired_hold_lapses(self):
        self.purchase("held")
        self.assertEqual(self.change("expired", 2), 204)
        self.assertEqual(self.state(), "lapsed")

    def test_a_cancellation_by_the_organiser_is_refunded_once(self):
        self.purchase("confirmed")
        self.assertEqual([self.change("cancelled", 3), self.change("cancelled", 3)], [204, 204])
        self.assertEqual(self.state(), "refunding")
        self.assertEqual(self.woken, ["p1"])
        kinds = self.database.connection.execute("SELECT kind FROM mails").fetchall()
        self.assertEqual([row["kind"] for row in kinds], ["cancelled"])

    def test_older_news_are_ignored(self):
        self.purchase("held")
        self.database.move(self.database.purchase("p1"), "confirmed", version=3)
        self.assertEqual(self.change("cancelled", 2), 204)
        self.assertEqual(self.state(), "confirmed")

    def test_a_wrong_signature_changes_nothing(self):
        self.purchase("held")
        self.assertEqual(self.change("expired", 2, secrets=(NEXT_SECRET,)), 401)
        self.assertEqual(self.change("expired", 2, body='{"data":{}}'), 401)
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=10)
        self.assertEqual(self.change("expired", 2, at=old), 401)
        self.assertEqual(self.client.post("/webhooks/ticketblitz", data="{}").status_code, 401)
        self.assertEqual(self.state(), "held")

    def test_a_secret_is_rotated(self):
        self.purchase("held")
        # The service signs with both secrets for a day; the shop may have either.
        self.assertEqual(self.change("confirmed", 2, secrets=(NEXT_SECRET, SECRET)), 204)
        self.settings.webhook_secret_file.write_text(NEXT_SECRET + "\n")
        self.assertEqual(self.change("expired", 3, secrets=(NEXT_SECRET, SECRET)), 204)
        self.assertEqual(self.state(), "lapsed")

    def test_orders_of_others_are_accepted_and_ignored(self):
        self.assertEqual(self.change("cancelled", 2), 204)

    def test_a_callback_that_comes_twice_counts_once(self):
        self.purchase("paying")
        charge = {"id": "c1", "key": "p1", "amount": 2500, "status": "succeeded"}
        for _ in range(2):
            self.assertEqual(self.send("/callbacks/payments", charge), 204)
        self.assertEqual(self.state(), "paid")
        self.assertEqual(self.woken, ["p1"])

    def test_a_callback_for_a_finished_purchase_changes_nothing(self):
        self.purchase("released")
        self.send("/callbacks/payments", {"id": "c1", "key": "p1", "amount": 2500, "status": "succeeded"})
        self.assertEqual(self.state(), "released")
