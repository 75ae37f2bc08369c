"""The console: signing in, what an operator and a viewer can do, and its accessibility. VIEWER_TOKEN is the token of a viewer."""

import csv
import os
import re

from playwright.sync_api import expect

from support import COLOURS, axe, case, eventually, figure, fits, main, sign_in

VIEWS = ["overview", "events", "orders", "dead-letters", "compare", "webhooks", "audit"]


def go(page, view):
    """Goes to a view with the link of the navigation."""
    page.get_by_role("navigation").get_by_role("link", name=view, exact=True).click()
    expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text(view)


@case
def a_wrong_token_is_refused(t):
    page = t.open("/console")
    page.get_by_label("Admin token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".refusal")).to_contain_text("admin token")
    expect(page.get_by_role("navigation")).to_be_hidden()


@case
def the_token_lives_as_long_as_the_session(t):
    context = t.context()
    page = sign_in(t, context=context)
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert t.service.token not in page.url
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('console'))") == []
    assert page.evaluate("document.cookie") == ""
    other = t.open("/console", context=context)
    expect(other.get_by_label("Admin token")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin token")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Admin token")).to_be_visible()


@case
def the_token_is_in_no_address(t):
    sent = []
    context = t.context()
    context.on("request", lambda request: sent.append(request.url))
    page = sign_in(t, context=context)
    for view in ["Events", "Orders", "Audit"]:
        go(page, view)
    eventually("the views have read", lambda: any("/admin/audit" in url for url in sent), page=page)
    assert not [url for url in sent if t.service.token in url]


@case
def the_overview_shows_the_sale_live(t):
    sale = t.sale(capacity=20)
    page = sign_in(t)
    expect(page.locator(".head .tag")).to_have_text("live")
    expect(figure(page, "Workers alive")).to_have_text("1")
    expect(figure(page, "Partitions open")).to_have_text(re.compile(r"^(\d+) of \1"))
    for _ in range(20):
        sale.buy()
    for _ in range(5):
        t.service.send("POST", "/buy", {"event": sale.id})
    expect(figure(page, "Accepted")).not_to_have_text("0 /s")
    expect(page.get_by_role("table", name="Refused purchases")).to_contain_text("sold-out")
    expect(page.get_by_role("img", name=re.compile("^Purchases: accepted"))).to_be_visible()
    depth = page.locator("figure", has_text="Queue depth")
    expect(depth).to_contain_text(re.compile("scale to [1-9]"))
    expect(depth).not_to_contain_text(re.compile(r"(?<!\d)1 orders"))
    assert page.locator("path.series.one").first.get_attribute("d").startswith("M")


@case
def an_event_is_created_and_changed(t):
    page = sign_in(t, "events")
    page.get_by_role("link", name="New event").click()
    name = f"c-{os.urandom(4).hex()}"
    page.get_by_label("Id letters").fill(name)
    page.get_by_label("Name as buyers see it").fill("Autumn <b>gala</b>")
    page.get_by_label("Capacity").fill("5")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(figure(page, "Available")).to_have_text("5")
    assert t.service.admin("GET", f"/events/{name}")[1]["name"] == "Autumn <b>gala</b>"
    page.get_by_label("Capacity").fill("8")
    page.get_by_label("Hold in seconds").fill("120")
    page.get_by_label("Opens").fill("2031-05-01T10:00:00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".done")).to_have_text("The change is in effect.")
    event = t.service.admin("GET", f"/events/{name}")[1]
    assert (event["capacity"], event["hold_seconds"]) == (8, 120)
    assert event["opens_at"].startswith("2031-05-0"), event
    page.get_by_label("Opens").fill("")
    page.get_by_role("button", name="Save").click()
    expect(figure(page, "State")).to_have_text("open")
    assert "opens_at" not in t.service.admin("GET", f"/events/{name}")[1]


@case
def a_refused_change_shows_the_reason_of_the_service(t):
    sale = t.sale(capacity=3)
    for _ in range(3):
        sale.buy()
    page = sign_in(t, f"events/{sale.id}")
    page.get_by_label("Capacity").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".refusal")).to_contain_text("3")
    assert sale.get()["capacity"] == 3


@case
def a_change_of_somebody_else_is_not_overwritten(t):
    sale = t.sale(capacity=3)
    page = sign_in(t, f"events/{sale.id}")
    expect(page.get_by_label("Capacity")).to_have_value("3")
    sale.put(name="Other")
    page.get_by_label("Capacity").fill("4")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".refusal")).to_be_visible()
    assert sale.get()["capacity"] == 3
    page.get_by_role("button", name="Show the present terms").click()
    expect(page.get_by_label("Name as buyers see it")).to_have_value("Other")


@case
def a_sale_is_paused_and_resumed(t):
    sale = t.sale()
    page = sign_in(t, f"events/{sale.id}")
    page.get_by_role("button", name="Pause the sale").click()
    expect(figure(page, "State")).to_have_text("paused")
    assert sale.get()["status"] == "paused"
    page.get_by_role("button", name="Resume the sale").click()
    expect(figure(page, "State")).to_have_text("open")
    assert sale.get()["status"] == "open"


@case
def a_reset_needs_the_id_typed(t):
    sale = t.sale(capacity=2)
    sale.buy()
    page = sign_in(t, f"events/{sale.id}")
    page.get_by_role("button", name="Reset").click()
    dialog = page.get_by_role("dialog")
    reset = dialog.get_by_role("button", name="Reset")
    expect(reset).to_be_disabled()
    axe(page, "the question of a reset")
    dialog.get_by_role("textbox").fill(sale.id[:-1])
    expect(reset).to_be_disabled()
    dialog.get_by_role("textbox").fill(sale.id)
    reset.click()
    expect(page.locator(".done")).to_have_text("The event is reset.")
    assert sale.taken() == 0


@case
def an_event_with_orders_is_archived_and_not_deleted(t):
    sale = t.sale()
    sale.buy()
    page = sign_in(t, f"events/{sale.id}")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(sale.id)
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.locator(".refusal")).to_contain_text("order")
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Archive").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(figure(page, "State")).to_have_text("archived")
    page.get_by_role("button", name="Restore").click()
    expect(figure(page, "State")).to_have_text("open")


@case
def an_order_is_found_and_cancelled(t):
    sale = t.sale(hold_seconds=600)
    customer = f"anna-{os.urandom(3).hex()}"
    order = sale.buy(customer=customer, quantity=2)
    eventually("the ledger has it", lambda: t.service.send("GET", f"/orders/{order['ticket_id']}")[1]["persisted"])
    page = sign_in(t, "orders")
    page.get_by_label("Id or customer").fill(customer)
    page.get_by_role("button", name="Find").click()
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("held")
    rows.get_by_role("link", name=order["ticket_id"]).click()
    expect(page.locator("dl.facts")).to_contain_text(customer)
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the order").click()
    expect(page.locator(".done")).to_have_text("The order is cancelled.")
    expect(page.locator("ol.history")).to_contain_text("cancelled")
    expect(page.get_by_role("table", name="Changes by administrators")).to_contain_text("order.cancel")
    assert t.service.send("GET", f"/orders/{order['ticket_id']}")[1]["status"] == "cancelled"
    go(page, "Orders")
    page.get_by_label("Id or customer").fill(order["ticket_id"])
    page.keyboard.press("Enter")
    expect(page.locator("dl.facts")).to_contain_text(order["ticket_id"])


@case
def the_orders_of_an_event_are_downloaded(t):
    sale = t.sale()
    tickets = {sale.buy()["ticket_id"] for _ in range(3)}
    for ticket in tickets:
        eventually("the ledger has it", lambda: t.service.send("GET", f"/orders/{ticket}")[1]["persisted"])
    page = sign_in(t, f"events/{sale.id}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Orders as CSV").click()
    assert download.value.suggested_filename == f"{sale.id}-orders.csv"
    with open(download.value.path(), newline="") as file:
        assert {row["ticket_id"] for row in csv.DictReader(file)} == tickets


@case
def both_stores_are_compared(t):
    sale = t.sale()
    sale.buy()
    page = sign_in(t, "compare")
    page.get_by_label("Event (empty for all)").fill(sale.id)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".done")).to_have_text("Both stores agree on 1 event.")
    page.get_by_label("Event (empty for all)").fill("")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".done")).to_contain_text("Both stores agree on")
    page.get_by_label("Event (empty for all)").fill("no such event")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".refusal")).to_be_visible()


@case
def changes_are_in_the_audit_trail(t):
    sale = t.sale(capacity=4)
    sale.put(capacity=7)
    page = sign_in(t, "audit")
    page.get_by_label("Event, order, entry or webhook").fill(sale.id)
    page.get_by_role("button", name="Find").click()
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("capacity: 4 → 7")
    expect(rows.last).to_contain_text("event.create")
    expect(rows.first).to_contain_text("admin")


@case
def a_viewer_sees_all_and_changes_nothing(t):
    sale = t.sale(hold_seconds=600)
    order = sale.buy()
    page = sign_in(t, f"events/{sale.id}", token=os.environ["VIEWER_TOKEN"])
    expect(page.locator("#who")).to_contain_text("vera, viewer")
    expect(page.get_by_label("Capacity")).to_be_disabled()
    for name in ["Save", "Pause the sale", "Archive", "Reset", "Delete"]:
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    go(page, "Orders")
    page.get_by_label("Id or customer").fill(order["ticket_id"])
    page.keyboard.press("Enter")
    expect(page.locator("dl.facts")).to_contain_text(sale.id)
    expect(page.get_by_role("button", name="Cancel the order")).to_have_count(0)
    go(page, "Dead letters")
    expect(page.locator("main")).to_contain_text("There are no dead letters.")
    expect(page.get_by_role("button", name=re.compile("Put back"))).to_have_count(0)
    go(page, "Compare")
    expect(page.get_by_role("button", name="Compare")).to_have_count(0)
    go(page, "Audit")
    expect(page.get_by_role("table")).to_be_visible()


@case
def the_console_connects_again(t):
    context = t.context(width=1280)
    page = sign_in(t, context=context)
    expect(page.locator(".head .tag")).to_have_text("live")
    context.set_offline(True)
    expect(page.locator(".head .tag")).to_have_text("not connected")
    context.set_offline(False)
    expect(page.locator(".head .tag")).to_have_text("live")
    go(page, "Events")
    context.set_offline(True)
    expect(page.locator(".refusal")).to_contain_text("connection")
    context.set_offline(False)
    expect(page.locator(".refusal")).to_have_count(0)


@case
def the_console_is_accessible(t):
    sale = t.sale()
    order = sale.buy()
    paths = VIEWS + [f"events/{sale.id}", "events/", f"orders/{order['ticket_id']}"]
    signing = t.open("/console")
    expect(signing.get_by_label("Admin token")).to_be_focused()
    axe(signing, "signing in")
    page = sign_in(t, width=320)
    for path in paths:
        page.emulate_media(color_scheme="light")
        page.goto(f"/console#{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle") if path != "overview" else expect(page.locator(".head .tag")).to_have_text("live")
        axe(page, path)
        fits(page)
        page.emulate_media(color_scheme="dark")
        axe(page, f"{path}, dark", COLOURS)


@case
def the_console_works_by_keyboard(t):
    page = t.open("/console", width=1280)
    expect(page.get_by_label("Admin token")).to_be_focused()
    page.keyboard.type(t.service.token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation")).to_be_visible()
    page.get_by_role("link", name="Events", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    expect(page.locator("main")).to_be_focused()


main()
