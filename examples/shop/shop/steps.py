"""What a purchase becomes after the answer to its next request. Decisions only; runner.py sends the requests.

    new ──held──▶ held ──pay──▶ paying ──succeeded──▶ paid ──confirmed──▶ confirmed ──return──▶ returning
     └─refused                   │                     └──hold is over──▶ refunding ──▶ refunded ◀──┘
                                 └──declined──▶ releasing ──▶ released
"""
import datetime
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Move:
    state: str
    mail: str | None = None
    fields: dict = field(default_factory=dict)


STAY = None
ENDED = ("expired", "cancelled", "rejected")


def after_claim(order):
    end = order.get("expires_at")
    # If the shopper does nothing, the order is looked at when its hold is over.
    fields = {"due_at": seconds(end) + 1} if end else {}
    return Move("held", fields={"order_id": order["ticket_id"], "expires_at": end, **fields})


def seconds(text):
    """The seconds since 1970 of a time of the API."""
    return datetime.datetime.fromisoformat(text).timestamp()


def is_over(purchase, now):
    """Whether a hold is over. The clock of the service decides: this one only says when to ask."""
    return purchase["expires_at"] is not None and seconds(purchase["expires_at"]) < now


def after_look(order):
    """A hold that should be over: without a webhook the shop has to ask."""
    return Move("lapsed", fields={"reason": order["status"]}) if order["status"] in ENDED else STAY


def after_refused_claim(code):
    """Nothing is held and nothing is paid. A new purchase, with a new key, can be tried."""
    return Move("refused", fields={"reason": code})


def after_charge(charge):
    fields = {"charge_id": charge["id"]}
    match charge["status"]:
        case "succeeded": return Move("paid", fields=fields)
        case "declined": return Move("releasing", "declined", {**fields, "reason": "declined"})
        case "refunded": return Move("refunded", "refund", {**fields, "reason": "refunded by the provider"})
        case _: return STAY  # processing: a callback comes, and the charge is asked for again


def after_confirmation(order):
    return Move("confirmed", "ticket")


def after_refused_confirmation(code, problem):
    """The money is there and the tickets are not: give it back."""
    if problem.get("state") == "confirmed":
        return Move("confirmed", "ticket")  # an event without holds sells at once
    return Move("refunding", fields={"reason": problem.get("state") or code})


def after_cancellation(purchase):
    return Move("refunding" if purchase["state"] == "returning" else "released")


def after_refused_cancellation(purchase, problem):
    """The order has ended by itself: expired, rejected, or unknown to a service that was reset."""
    return STAY if problem.get("state") == "pending" else after_cancellation(purchase)


def after_refund(charge):
    return Move("refunded", "refund")


def after_webhook(purchase, change):
    """What a change of the order means for its purchase; STAY if the shop knows it or will find out by itself."""
    match change["status"], purchase["state"]:
        case ("expired" | "rejected" | "cancelled") as reason, "held":
            return Move("lapsed", fields={"reason": reason})
        case ("cancelled" | "rejected") as reason, "paid" | "confirmed":
            return Move("refunding", "cancelled", {"reason": f"{reason} by the organiser"})
        case _:
            # While a payment is under way its outcome decides: the confirmation will be refused, and the money goes back.
            return STAY
