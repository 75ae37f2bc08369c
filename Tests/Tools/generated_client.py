"""Buys, waits, confirms and cancels with a client that openapi-python-client has generated from the API's description.

usage: generated_client.py FOLDER_OF_THE_PACKAGE URL ADMIN_TOKEN    (the package is called `tickets`)
"""
import sys
import time
import uuid

sys.path.insert(0, sys.argv[1])

from tickets import AuthenticatedClient, Client  # noqa: E402
from tickets.api.administration import find_order, list_orders  # noqa: E402
from tickets.api.events import get_event, list_events, put_event  # noqa: E402
from tickets.api.sale import buy, cancel_order, confirm_order, get_order  # noqa: E402
from tickets.models import (Accepted, BuyRequest, ChangedOrder, Event, EventChange, EventStatus, FoundOrder,  # noqa: E402
                            LedgerOrders, Order, OrderState, Problem)

# A response with a status that the description does not have is an error.
client = Client(base_url=sys.argv[2], raise_on_unexpected_status=True)
admin = AuthenticatedClient(base_url=sys.argv[2], token=sys.argv[3], raise_on_unexpected_status=True)


def of(kind, response):
    assert isinstance(response, kind), response
    return response


def hold(quantity=1, key=None):
    response = buy.sync_detailed(
        client=client, body=BuyRequest(event="gala", quantity=quantity, customer="ann"), idempotency_key=key or str(uuid.uuid4()))
    return response, response.parsed


event = of(Event, put_event.sync("gala", client=admin, body=EventChange(capacity=5, hold_seconds=600, max_quantity=3)))
assert event.status == EventStatus.OPEN, event

# A change of one term leaves the others as they are.
event = of(Event, put_event.sync("gala", client=admin, body=EventChange(name="Gala")))
assert (event.max_quantity, event.hold_seconds, event.capacity) == (3, 600, 5), event

# Buys; the key leads to one order.
key = str(uuid.uuid4())
response, held = hold(2, key)
assert response.status_code == 202 and of(Accepted, held).status == "held", response
response, again = hold(2, key)
assert again.ticket_id == held.ticket_id and response.headers["Idempotent-Replayed"] == "true", response

# Waits, with the parameter and with the header.
order = of(Order, get_order.sync(held.ticket_id, client=client, wait=30))
assert order.persisted and order.status == OrderState.HELD, order
detailed = get_order.sync_detailed(held.ticket_id, client=client, prefer="wait=30")
assert detailed.headers.get("Preference-Applied") == "wait=30", detailed.headers

# Confirms, also twice.
for _ in range(2):
    changed = of(ChangedOrder, confirm_order.sync(held.ticket_id, client=client))
    assert changed.status == OrderState.CONFIRMED, changed
assert of(Order, get_order.sync(held.ticket_id, client=client, wait=30)).persisted

# Cancels; a confirmation is then refused with a problem.
_, second = hold()
assert of(ChangedOrder, cancel_order.sync(second.ticket_id, client=client)).status == OrderState.CANCELLED
problem = of(Problem, confirm_order.sync(second.ticket_id, client=client))
assert (problem.code, problem.state) == ("order-state", "cancelled"), problem

# Refusals are problems.
assert of(Problem, hold(4)[1]).code == "invalid-request"
assert of(Problem, get_order.sync(uuid.uuid4(), client=client)).code == "order-not-found"
assert of(Problem, get_event.sync("missing", client=client)).code == "event-not-found"

# Reads, with and without a token.
assert "gala" in [one.id for one in list_events.sync(client=client).events]
end = time.monotonic() + 60
while not of(Order, get_order.sync(second.ticket_id, client=client)).persisted:
    assert time.monotonic() < end, "the cancellation does not reach the ledger"
assert [one.status for one in of(LedgerOrders, list_orders.sync(client=admin, event="gala")).orders] == [
    OrderState.CANCELLED, OrderState.CONFIRMED]
found = of(FoundOrder, find_order.sync(held.ticket_id, client=admin))
assert found.live_unavailable is not True and found.order.quantity == 2, found
print("a generated client bought, waited, confirmed and cancelled")
