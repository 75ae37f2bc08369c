"""Waiting rooms and waiting lists: on the buyer's page and in the console."""

import json
import re

from playwright.sync_api import expect

from support import COLOURS, after, axe, case, eventually, figure, fits, main, saw, sign_in


def tickets(page):
    return page.get_by_role("region", name="Your tickets").get_by_role("listitem")


def button(page, name):
    return page.get_by_role("button", name=name)


def turn(page):
    """The buyer is admitted."""
    expect(page.locator("#room-title")).to_have_text("It is your turn")


def join(sale, **fields):
    """A place of somebody else in the waiting room. The ledger may have to allow further places first."""
    answers = []

    def given():
        answers.append(sale.service.send("POST", f"/events/{sale.id}/room", fields))
        return answers[-1][0] != 503

    eventually("the room gives a place", given)
    status, place = answers[-1]
    assert status == 201, place
    return place


def passes(sale, place):
    """The pass of a place; waits for it."""
    found = {}

    def admitted():
        found.update(sale.service.send("GET", place["status_url"])[1])
        return found["state"] == "admitted"

    eventually("the place is admitted", admitted)
    return found["pass"]


def refused(page, path, status, **problem):
    """The next request to a path is refused by a proxy, or by a service that has changed meanwhile."""
    body = json.dumps({"type": "about:blank", "title": "Refused", "status": status, "detail": "Words of the service."} | problem)
    headers = {"Retry-After": "1"} if status == 503 else {}
    page.route(path, lambda route: route.fulfill(status=status, content_type="application/problem+json", body=body, headers=headers), times=1)


@case
def a_place_is_kept_and_buys(t):
    sale = t.sale(admission_rate=10)
    page = t.open(sale.path)
    sent = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/buy") else None)
    expect(page.locator("#quantity")).to_be_hidden()
    button(page, "Join the waiting room").click()
    turn(page)
    expect(page.locator("#room-title")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("It is your turn")
    expect(page.locator("#room-left")).to_contain_text(re.compile(r"^\d+:\d\d$"))
    expect(page).to_have_title(re.compile("^Your turn: "))
    other = page.context.new_page()
    other.goto(sale.path)
    turn(other)
    page.reload()
    turn(page)
    button(page, "Buy 1 ticket").click()
    expect(tickets(page)).to_contain_text("Confirmed")
    assert sent[0].headers["admission-pass"], sent[0].headers
    assert t.service.admin("GET", f"/events/{sale.id}/room")[1]["places"] == 1
    assert sale.taken() == 1


@case
def a_lobby_is_drawn_at_the_opening(t):
    sale = t.sale(admission_rate=10, opens_at=after(3000), lobby_opens_at=after(600))
    page = t.open(sale.path)
    expect(page.locator("#buy")).to_contain_text("Waiting room opens in")
    sale.put(lobby_opens_at=after(12))
    saw(page, "buy", re.compile("Waiting room opens in 0:0"))
    button(page, "Join the waiting room").click()
    expect(page.locator("#room-title")).to_have_text("You are in the waiting room")
    expect(page.locator("#room-left")).to_contain_text("4")
    expect(page.locator("#room-text")).to_contain_text(re.compile("committed to [0-9a-f]{64}"))
    axe(page, "a lobby")
    expect(button(page, "Buy 1 ticket")).to_have_count(0)
    sale.put(opens_at=None, lobby_opens_at=None)
    turn(page)


@case
def people_wait_in_line(t):
    """The reason why nobody is admitted is shown; who found nothing left waits on when something comes back."""
    sale = t.sale(admission_rate=10, capacity=1)
    first = passes(sale, join(sale))
    page = t.open(sale.path, width=320)
    button(page, "Join the waiting room").click()
    expect(page.locator("#room-title")).to_have_text("You are next")
    expect(page.locator("#room-text")).to_contain_text("as there are tickets")
    later = t.open(sale.path)
    button(later, "Join the waiting room").click()
    expect(later.locator("#room-title")).to_have_text("1 person before you")
    fits(page)
    axe(page, "a place that waits")
    page.emulate_media(color_scheme="dark")
    axe(page, "a place that waits, dark", COLOURS)
    sale.put(paused=True)
    expect(page.locator("#room-text")).to_contain_text("The sale is paused.")
    sale.put(paused=False)
    status, order = t.service.send("POST", "/buy", {"event": sale.id}, {"Admission-Pass": first})
    assert status == 202, order
    expect(page.locator("#room-title")).to_have_text("No tickets are left")
    eventually("the ledger has it", lambda: t.service.send("GET", f"/orders/{order['ticket_id']}")[1]["status"] == "confirmed")
    sale.change(order, "cancel")
    turn(page)
    axe(page, "an admitted place, dark", COLOURS)


@case
def a_pass_ends(t):
    sale = t.sale(admission_rate=10, pass_seconds=10)
    page = t.open(sale.path)
    button(page, "Join the waiting room").click()
    turn(page)
    expect(button(page, "Buy 1 ticket")).to_be_visible()
    expect(page.locator("#notice")).to_have_text("Your time to buy is over. Join again for a new place.")
    expect(button(page, "Buy 1 ticket")).to_be_hidden()
    button(page, "Join the waiting room").click()
    turn(page)


@case
def refusals_are_explained(t):
    sale = t.sale(admission_rate=10)
    page = t.open(sale.path)
    refused(page, "**/room", 403, code="proof-refused")
    button(page, "Join the waiting room").click()
    expect(page.locator("#notice")).to_have_text("The shop did not let you join the waiting room.")
    refused(page, "**/room", 503, code="room-busy")
    button(page, "Join the waiting room").click()
    saw(page, "progress", re.compile("Trying again in 0:0"))
    turn(page)
    refused(page, "**/buy", 409, code="pass-used", available=0)
    button(page, "Buy 1 ticket").click()
    expect(page.locator("#notice")).to_have_text("You have bought all that your place allows.")
    for code in ("pass-expired", "pass-invalid"):
        refused(page, "**/buy", 403, code=code)
        button(page, "Buy 1 ticket").click()
        expect(page.locator("#notice")).to_contain_text("Join the waiting room again.")
        button(page, "Join the waiting room").click()
        turn(page)
    assert sale.taken() == 0


@case
def a_room_can_need_a_name(t):
    sale = t.sale(admission_rate=10, per_customer_limit=2)
    page = t.open(sale.path)
    button(page, "Join the waiting room").click()
    expect(page.locator("#customer-error")).to_contain_text("Enter your name")
    page.get_by_label("Your name").fill("ann")
    page.keyboard.press("Enter")
    turn(page)
    expect(page.get_by_label("Your name")).to_have_attribute("readonly", "")
    page.reload()
    turn(page)
    button(page, "Buy 1 ticket").click()
    expect(tickets(page)).to_contain_text("Confirmed")


@case
def a_place_on_the_list_gets_an_offer(t):
    sale = t.sale(capacity=1, waitlist=True, offer_seconds=300)
    order = sale.buy()
    page = t.open(sale.path, width=320)
    button(page, "Join the waiting list").click()
    expect(page.locator("#customer-error")).to_contain_text("Enter your name")
    page.get_by_label("Your name").fill("ann")
    expect(page.locator("#terms")).to_contain_text("5 minutes")
    axe(page, "the form of a waiting list")
    page.route("**/waitlist", lambda route: route.abort(), times=1)
    button(page, "Join the waiting list").click()
    expect(tickets(page)).to_contain_text("Number 1 on the waiting list.")
    expect(tickets(page)).to_be_focused()
    assert sale.get()["waiting"] == 1
    button(page, "Join the waiting list").click()
    expect(page.locator("#notice")).to_have_text("ann is on the waiting list already.")
    fits(page)
    axe(page, "a place on a list")
    page.emulate_media(color_scheme="dark")
    axe(page, "a place on a list, dark", COLOURS)
    page.reload()
    expect(tickets(page)).to_contain_text("Number 1 on")
    eventually("the ledger has it", lambda: t.service.send("GET", f"/orders/{order['ticket_id']}")[1]["status"] == "confirmed")
    sale.change(order, "cancel")
    expect(tickets(page).get_by_role("timer")).to_contain_text("4:")
    button(page, "Confirm purchase").click()
    expect(tickets(page)).to_contain_text("Confirmed. The ticket is yours.")


@case
def a_place_on_the_list_is_left(t):
    sale = t.sale(capacity=1, waitlist=True)
    sale.buy()
    page = t.open(sale.path)
    page.get_by_label("Your name").fill("ann")
    button(page, "One ticket more").click()
    button(page, "Join the waiting list").click()
    expect(tickets(page)).to_contain_text("2 tickets")
    button(page, "Leave the list").click()
    button(page, "Stay").click()
    button(page, "Leave the list").click()
    expect(button(page, "Yes, leave")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tickets(page)).to_contain_text("The place on the list is given back.")
    eventually("nobody waits", lambda: not sale.get().get("waiting"))


@case
def a_refused_purchase_leads_to_the_list(t):
    """What is left is for those on the list: the figures still count it."""
    sale = t.sale(capacity=1, waitlist=True)
    page = t.open(sale.path)
    refused(page, "**/buy", 410, code="sold-out")
    button(page, "Buy 1 ticket").click()
    expect(page.locator("#notice")).to_contain_text("You can join the waiting list.")
    page.get_by_label("Your name").fill("ann")
    button(page, "Join the waiting list").click()
    expect(page.locator("#notice")).to_have_text("Tickets are available: buy them.")
    button(page, "Buy 1 ticket").click()
    expect(tickets(page)).to_contain_text("Confirmed")


@case
def the_console_steers_both(t):
    sale = t.sale(capacity=1)
    page = sign_in(t, f"events/{sale.id}")
    expect(page.get_by_role("heading", name="Waiting room")).to_be_hidden()
    page.get_by_label("Waiting list").check()
    page.get_by_label("Offer in seconds").fill("90")
    page.get_by_label("Admissions a second").fill("20")
    page.get_by_label("Pass in seconds").fill("120")
    button(page, "Save").click()
    expect(page.locator(".done")).to_have_text("The change is in effect.")
    event = sale.get()
    assert [event.get(name) for name in ("waitlist", "offer_seconds", "admission_rate", "pass_seconds")] == [True, 90, 20, 120], event
    first = passes(sale, join(sale))
    join(sale)
    expect(figure(page, "Places")).to_have_text("2")
    expect(figure(page, "Waiting")).to_have_text("1")
    expect(figure(page, "Admitted")).to_have_text("1")
    expect(figure(page, "Unused passes")).to_have_text("1")
    expect(figure(page, "Nobody is admitted")).to_have_text("as many passes are unused as units are available")
    axe(page, "an event with a room")
    page.emulate_media(color_scheme="dark")
    axe(page, "an event with a room, dark", COLOURS)
    page.get_by_label("People admitted a second").fill("50")
    button(page, "Set the rate").click()
    expect(page.locator(".done")).to_have_text("50 people are admitted each second.")
    assert sale.get()["admission_rate"] == 50
    assert t.service.send("POST", "/buy", {"event": sale.id}, {"Admission-Pass": first})[0] == 202
    status, place = t.service.send("POST", f"/events/{sale.id}/waitlist", {"customer": "ann"})
    assert status == 201, place
    expect(figure(page, "Waiting list")).to_have_text("1")
    page.get_by_label("Admissions a second").fill("")
    page.get_by_label("Waiting list").uncheck()
    button(page, "Save").click()
    expect(page.get_by_role("heading", name="Waiting room")).to_be_hidden()
    assert "admission_rate" not in sale.get() and "waitlist" not in sale.get()
    eventually("the ledger has it", lambda: t.service.send("GET", f"/orders/{place['ticket_id']}")[1]["persisted"])
    page.goto(f"/console#orders/{place['ticket_id']}")
    expect(page.locator("dl.facts")).to_contain_text("waiting")


main()
