"""Compares the three ledgers: what the shop sold, what TicketBlitz sold for it, and what the provider was paid.

usage: python -m shop.reconcile EVENT        (with the settings of the shop, and ADMIN_TOKEN)

Exit code 0: they agree to the unit and to the cent. 1: they do not; each line names a difference. 2: purchases are under way.
"""
import collections
import csv
import io
import sys

from .database import UNFINISHED, Database
from .payments import Payments
from .settings import Settings
from .tickets import Tickets


def main(event):
    settings = Settings.of_environment()
    database = Database(settings.state / "shop.sqlite")
    tickets = Tickets(settings.tickets_url, settings.admin_token)
    rows = database.connection.execute("SELECT * FROM purchases WHERE event = ?", (event,)).fetchall()
    unfinished = database.connection.execute(
        f"SELECT count(*) FROM purchases WHERE event = ? AND {UNFINISHED}", (event,)).fetchone()[0]
    if unfinished:
        print(f"{unfinished} purchases are under way")
        return 2
    orders = {row["ticket_id"]: row for row in csv.DictReader(io.StringIO(tickets.orders_csv(event)))}
    charges = {charge["key"]: charge for charge in Payments(settings.provider_url).charges()}
    found = list(differences([dict(row) for row in rows], orders, charges))
    for line in found:
        print(line)
    sold = sum(row["quantity"] for row in rows if row["state"] == "confirmed")
    counted = tickets.event(event)
    if counted["sold"] != sold:
        found.append(f"the event counts {counted['sold']} sold, the shop {sold}")
        print(found[-1])
    states = collections.Counter(row["state"] for row in rows)
    paid = sum(charge["amount"] for charge in charges.values() if charge["status"] == "succeeded")
    print(f"purchases {dict(sorted(states.items()))}")
    print(f"charges   {dict(sorted(collections.Counter(charge['status'] for charge in charges.values()).items()))}")
    print(f"sold      {sold} of {counted['capacity']}, paid {paid} cents, {len(found)} differences")
    return 1 if found else 0


def differences(purchases, orders, charges):
    """Every purchase is sold and paid, or neither; and nothing is sold or paid that is no purchase."""
    by_order = {purchase["order_id"]: purchase for purchase in purchases if purchase["order_id"]}
    for purchase in purchases:
        name = f"purchase {purchase['id']} is {purchase['state']}"
        is_sold = purchase["state"] == "confirmed"
        order = orders.get(purchase["order_id"])
        if (order is not None and order["status"] == "confirmed") != is_sold:
            yield f"{name}, and its order is {order['status'] if order else 'missing'}"
        if is_sold and order is not None and int(order["quantity"]) != purchase["quantity"]:
            yield f"{name} with {purchase['quantity']} tickets, and its order has {order['quantity']}"
        charge = charges.get(purchase["id"])
        if (charge is not None and charge["status"] == "succeeded") != is_sold:
            yield f"{name}, and its charge is {charge['status'] if charge else 'missing'}"
        if is_sold and charge is not None and charge["amount"] != purchase["amount"]:
            yield f"{name} for {purchase['amount']}, and its charge is {charge['amount']}"
    for order_id, order in orders.items():
        if order["status"] == "confirmed" and order_id not in by_order:
            yield f"order {order_id} is confirmed, and no purchase has it"
    keys = {purchase["id"] for purchase in purchases}
    for key, charge in charges.items():
        if charge["status"] in ("succeeded", "processing") and key not in keys:
            yield f"charge {charge['id']} is {charge['status']}, and no purchase has it"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
