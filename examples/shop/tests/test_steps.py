import unittest

from shop import steps


class Decisions(unittest.TestCase):
    def test_a_refusal_ends_the_purchase(self):
        self.assertEqual(steps.after_refused_claim("sold-out").state, "refused")

    def test_a_payment_that_arrives_after_the_hold_is_refunded(self):
        move = steps.after_refused_confirmation("hold-expired", {"state": "expired"})
        self.assertEqual((move.state, move.fields["reason"]), ("refunding", "expired"))

    def test_a_confirmation_of_what_is_sold_is_a_sale(self):
        self.assertEqual(steps.after_refused_confirmation("order-state", {"state": "confirmed"}).state, "confirmed")

    def test_only_a_payment_with_an_outcome_moves_the_purchase(self):
        states = {status: steps.after_charge({"id": "c", "status": status}) for status in
                  ("processing", "succeeded", "declined", "refunded")}
        self.assertIs(states["processing"], steps.STAY)
        self.assertEqual([states[status].state for status in ("succeeded", "declined", "refunded")],
                         ["paid", "releasing", "refunded"])

    def test_a_cancellation_that_is_too_late_is_one(self):
        purchase = {"state": "releasing"}
        self.assertEqual(steps.after_refused_cancellation(purchase, {"state": "expired"}).state, "released")
        self.assertIs(steps.after_refused_cancellation(purchase, {"state": "pending"}), steps.STAY)

    def test_returned_tickets_are_refunded(self):
        self.assertEqual(steps.after_cancellation({"state": "returning"}).state, "refunding")

    def test_a_webhook_moves_only_what_the_shop_does_not_know(self):
        def state(status, present):
            move = steps.after_webhook({"state": present}, {"status": status})
            return move and move.state

        self.assertEqual(state("expired", "held"), "lapsed")
        self.assertEqual(state("cancelled", "confirmed"), "refunding")
        self.assertEqual(state("cancelled", "paid"), "refunding")
        self.assertIsNone(state("expired", "paying"))
        self.assertIsNone(state("cancelled", "returning"))
        self.assertIsNone(state("confirmed", "confirmed"))

    def test_a_hold_is_looked_at_when_it_is_over(self):
        move = steps.after_claim({"ticket_id": "t", "expires_at": "2026-11-29T10:00:00.500Z"})
        purchase = {"expires_at": move.fields["expires_at"]}
        end = steps.seconds("2026-11-29T10:00:00.500Z")
        self.assertEqual(move.fields["due_at"], end + 1)
        self.assertFalse(steps.is_over(purchase, end - 0.1))
        self.assertTrue(steps.is_over(purchase, end + 0.1))
        self.assertFalse(steps.is_over({"expires_at": None}, end))
