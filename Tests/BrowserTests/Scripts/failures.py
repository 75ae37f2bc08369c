"""What a buyer sees of failures: no network, lost responses, reloads and closed laptops. There is one order in the end."""

import threading

from playwright.sync_api import expect

from support import after, case, eventually, main, saw


def tickets(page):
    return page.get_by_role("region", name="Your tickets").get_by_role("listitem")


def progress(page):
    return page.locator("#progress")


def keys(page, answer):
    """Answers the purchases of a page with a function of their number and route; returns the list of their keys."""
    seen = []

    def handle(route):
        seen.append(route.request.headers["idempotency-key"])
        answer(len(seen), route)

    page.route("**/buy", handle)
    return seen


@case
def offline_and_back(t):
    sale = t.sale(capacity=10)
    context = t.context()
    page = t.open(sale.path, context)
    expect(page.locator("#connection")).to_have_text("Live")
    context.set_offline(True)
    expect(page.locator("#connection")).to_have_text("Offline")
    expect(page.locator("#banner")).to_contain_text("You are offline.")
    saw(page, "said", "You are offline.")
    sale.buy(quantity=3)
    page.get_by_role("button", name="Buy 1 ticket").click()
    saw(page, "progress", "Your device has no connection. Trying again")
    assert sale.taken() == 3
    context.set_offline(False)
    expect(tickets(page)).to_contain_text("Confirmed")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#left")).to_have_text("6")
    assert sale.taken() == 4


@case
def a_response_that_is_lost_leads_to_one_order(t):
    sale = t.sale(hold_seconds=120)
    page = t.open(sale.path)

    def answer(number, route):
        if number <= 2:
            route.fetch()  # The service has it; the page does not learn of it.
            route.abort("connectionreset")
        else:
            route.continue_()

    seen = keys(page, answer)
    page.get_by_role("button", name="Hold 1 ticket").click()
    saw(page, "progress", "The service does not respond. Trying again in 0:0")
    saw(page, "said", "Trying again")
    expect(tickets(page)).to_contain_text("held for you")
    expect(progress(page)).to_be_hidden()
    assert len(seen) == 3 and len(set(seen)) == 1, seen
    assert sale.taken() == 1


@case
def a_reload_in_the_middle_leads_to_one_order(t):
    sale = t.sale()
    context = t.context()
    page = t.open(sale.path, context)
    seen = keys(page, lambda number, route: (route.fetch(), route.abort()) if number == 1 else route.continue_())
    page.get_by_role("button", name="Buy 1 ticket").click()
    saw(page, "progress", "Trying again")
    assert sale.taken() == 1
    page.reload()
    expect(tickets(page)).to_contain_text("Confirmed")
    expect(progress(page)).to_be_hidden()
    page.reload()
    expect(tickets(page)).to_have_count(1)
    assert len(set(seen)) == 1, seen
    assert sale.taken() == 1


@case
def a_reload_before_the_request_arrives_leads_to_one_order(t):
    sale = t.sale()
    page = t.open(sale.path)
    held = []
    seen = keys(page, lambda number, route: held.append(route) if number == 1 else route.continue_())
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(progress(page)).to_contain_text("Buying 1 ticket")
    assert sale.taken() == 0
    page.reload()
    expect(tickets(page)).to_contain_text("Confirmed")
    assert len(seen) == 2 and len(set(seen)) == 1, seen
    assert sale.taken() == 1


@case
def another_tab_goes_on_if_one_is_closed(t):
    sale = t.sale()
    context = t.context()
    one, other = t.open(sale.path, context), t.open(sale.path, context)
    keys(one, lambda number, route: (route.fetch(), route.abort()))
    one.get_by_role("button", name="Buy 1 ticket").click()
    saw(one, "progress", "Trying again")
    saw(other, "progress", "in another tab")
    one.close()
    expect(tickets(other)).to_contain_text("Confirmed")
    assert sale.taken() == 1


@case
def a_purchase_that_is_stopped_can_be_asked_for(t):
    sale = t.sale()
    page = t.open(sale.path)
    hangs = []
    keys(page, lambda number, route: (route.fetch(), route.abort()) if number == 1 else hangs.append(route) if number == 2 else route.continue_())
    page.get_by_role("button", name="Buy 1 ticket").click()
    saw(page, "progress", "Trying again", "Buying 1 ticket")
    page.get_by_role("button", name="Stop").click()
    expect(progress(page)).to_contain_text("is not known")
    # A reload does not buy what was stopped.
    page.reload()
    expect(progress(page)).to_contain_text("is not known")
    expect(page.locator("#buy")).to_be_hidden()
    page.get_by_role("button", name="Ask again").click()
    expect(tickets(page)).to_contain_text("Confirmed")
    assert sale.taken() == 1


@case
def a_stop_after_a_response_that_knows_nothing_can_be_asked_for(t):
    sale = t.sale()
    page = t.open(sale.path)
    details = {
        # As the API says when Redis does not respond.
        "The response to the claim was lost. Retry with the same Idempotency-Key: it leads to one order.": True,
        "A store does not respond; nothing was changed. Try again.": False,
    }
    texts = list(details)
    keys(page, lambda number, route: route.fulfill(
        status=503, headers={"Retry-After": "60"},
        json={"code": "store-unavailable", "title": "", "status": 503, "detail": texts[number - 1]}))
    for is_open in details.values():
        page.get_by_role("button", name="Buy 1 ticket").click()
        expect(progress(page)).to_contain_text("Trying again in")
        page.get_by_role("button", name="Stop").click()
        if is_open:
            expect(progress(page)).to_contain_text("is not known")
            page.get_by_role("button", name="Forget it").click()
        else:
            expect(progress(page)).to_be_hidden()
        expect(page.locator("#buy")).to_be_visible()
    assert sale.taken() == 0


@case
def an_old_purchase_is_not_made_without_asking(t):
    sale = t.sale()
    context = t.context()
    page = t.open(sale.path, context)
    other = t.open(sale.path, context)
    old = """([id, hours]) => localStorage.setItem(`ticketblitz:event:${id}`, JSON.stringify({ at: Date.now(),
        orders: [], purchase: { key: "old", quantity: 1, customer: "", at: Date.now() - hours * 3600_000, isOpen: true } }))"""
    page.evaluate(old, [sale.id, 1])
    # The other tab learns of it from an event, this one from its reload.
    expect(progress(other)).to_contain_text("is not known")
    page.reload()
    expect(progress(page)).to_contain_text("is not known")
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("#buy")).to_be_visible()
    expect(page.locator("#buy")).to_be_focused()
    other.close()
    # The service does not know the key for longer than a day.
    page.evaluate(old, [sale.id, 24])
    page.reload()
    expect(page.locator("#buy")).to_be_visible()
    assert sale.taken() == 0


@case
def what_passes_is_repeated_and_what_does_not_is_told(t):
    sale = t.sale()
    page = t.open(sale.path)

    def problem(route, status, code, detail, **fields):
        route.fulfill(status=status, json={"code": code, "title": "", "detail": detail, "status": status},
                      headers={name.replace("_", "-"): value for name, value in fields.items()})

    def answer(number, route):
        if number == 1:
            problem(route, 503, "queue-full", "Too many orders are queued; try again.", Retry_After="3")
        elif number == 2:
            route.fulfill(status=502, body="<h1>Bad Gateway</h1>", content_type="text/html")
        elif number == 3:
            problem(route, 500, "internal-error", "Something failed.")
        elif number == 4:
            problem(route, 429, "rate-limited", "Too many requests.", Retry_After="2")
        else:
            problem(route, 403, "some-new-code", "The service says why.")

    seen = keys(page, answer)
    page.get_by_role("button", name="Buy 1 ticket").click()
    saw(page, "progress", "Too many orders are queued; try again. Trying again in 0:03", "status 502", "Something failed.",
        "Too many requests. Trying again in 0:0")
    saw(page, "said", "Trying again in")
    expect(page.locator("#notice")).to_have_text("The service says why.")
    expect(progress(page)).to_be_hidden()
    assert len(seen) == 5 and len(set(seen)) == 1, seen
    # The next purchase is another one.
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(page.locator("#notice")).to_have_text("The service says why.")
    eventually("it was sent", lambda: len(seen) == 6, page=page)
    assert len(set(seen)) == 2


@case
def a_wait_is_as_long_as_the_service_says(t):
    sale = t.sale()
    page = t.open(sale.path)

    def answer(number, route):
        if number == 1:
            route.fulfill(status=503, json={"code": "recovering", "detail": "Wait."}, headers={"Retry-After": "3"})
        else:
            route.continue_()

    page.evaluate("""() => {
        window.sent = [];
        const right = window.fetch;
        window.fetch = (...given) => { if (given[0] === "/buy") window.sent.push(performance.now()); return right(...given); };
    }""")
    keys(page, answer)
    page.get_by_role("button", name="Buy 1 ticket").click()
    # Neither a tab that is looked at again nor a network that is back makes the page impatient.
    saw(page, "progress", "Wait.")
    page.evaluate("dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange'))")
    expect(tickets(page)).to_contain_text("Confirmed")
    first, second = page.evaluate("window.sent")
    assert 3000 <= second - first < 6000, (first, second)


@case
def a_confirmation_is_repeated(t):
    sale = t.sale(hold_seconds=120)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    count = []

    def handle(route):
        count.append(1)
        if len(count) == 1:
            route.fulfill(status=503, json={"code": "recovering", "detail": "The event's stock is being recovered; try again."},
                          headers={"Retry-After": "2"})
        elif len(count) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/confirm", handle)
    page.route("**/orders/*/live", lambda route: route.abort())
    page.get_by_role("button", name="Confirm purchase").click()
    saw(page, "orders", "being recovered; try again. Trying again in 0:0", "Confirmed.")
    expect(tickets(page).locator(".error")).to_be_hidden()
    assert sale.get()["sold"] == 1


@case
def a_closed_laptop_sees_what_happened(t):
    sale = t.sale(capacity=10, hold_seconds=6)
    context = t.context()
    page = t.open(sale.path, context)
    page.get_by_role("button", name="Hold 1 ticket").click()
    saw(page, "orders", "held for you")
    number = tickets(page).locator("code").text_content()
    context.set_offline(True)
    eventually("the hold has ended", lambda: t.service.send("GET", f"/orders/{number}")[1]["status"] == "expired")
    sale.put(paused=True)
    expect(tickets(page)).to_contain_text("The time to confirm is over.")
    expect(page.get_by_role("button", name="Confirm purchase")).to_have_count(0)
    page.close()
    context.set_offline(False)
    page = t.open(sale.path, context)
    expect(tickets(page)).to_contain_text("Nothing was bought")
    expect(page.locator("#badge")).to_have_text("Paused")


@case
def a_sleep_is_noticed(t):
    """The monotonic clock stands still in a sleep."""
    sale = t.sale(opens_at=after(3000))
    context = t.context()
    context.add_init_script("""{
        const right = Date.now.bind(Date); let slept = 0;
        Date.now = () => right() + slept;
        window.sleep = (seconds) => { slept = seconds * 1000; };
    }""")
    page = t.open(sale.path, context)
    expect(page.locator("#badge")).to_have_text("Not yet on sale")
    with page.expect_request(lambda request: request.url.endswith(f"/events/{sale.id}")):
        page.evaluate("sleep(3600)")
    expect(page.get_by_role("timer")).to_contain_text("49:")


@case
def a_hidden_tab_has_no_streams(t):
    sale = t.sale()
    context = t.context()
    page = t.open(sale.path, context)
    expect(page.locator("#connection")).to_have_text("Live")
    hide = """(state) => {
        Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, "hidden")
    expect(page.locator("#connection")).not_to_have_text("Live")
    sale.buy(quantity=4)
    page.evaluate(hide, "visible")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#left")).to_have_text("6")


@case
def many_tabs_can_buy(t):
    """Browsers have six connections to a server of HTTP/1.1 for all tabs, and each stream takes one."""
    sale = t.sale(hold_seconds=120)
    context = t.context()
    page = t.open(sale.path, context)
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(page)).to_have_count(1)
    tabs = [t.open(sale.path, context) for _ in range(7)]
    tabs[-1].get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(tabs[-1])).to_have_count(2)
    tickets(tabs[-1]).first.get_by_role("button", name="Confirm purchase").click()
    expect(tickets(tabs[-1]).first).to_contain_text("Confirmed.")


@case
def the_page_of_another_server_is_no_response(t):
    """A captive portal answers everything with its page."""
    sale = t.sale()
    context = t.context()
    page = t.open(sale.path, context)
    expect(page.locator("#connection")).to_have_text("Live")
    portal = threading.Event()
    portal.set()

    def answer(route):
        if portal.is_set():
            route.fulfill(status=200, body="<h1>Sign in to this network</h1>", content_type="text/html")
        else:
            route.continue_()

    for pattern in ("**/buy", "**/events/**", "**/orders/**"):
        context.route(pattern, answer)
    page.get_by_role("button", name="Buy 1 ticket").click()
    saw(page, "progress", "The service does not respond. Trying again")
    page.reload()
    expect(page.locator("#lead")).to_have_text("The service does not respond.")
    portal.clear()
    expect(tickets(page)).to_contain_text("Confirmed")
    expect(page.locator("#connection")).to_have_text("Live")
    assert sale.taken() == 1


@case
def what_is_kept_may_be_damaged(t):
    sale = t.sale()
    context = t.context()
    page = t.open(sale.path, context)
    for text in ("{", "7", "null", "[]", '{"orders":7,"purchase":7}', '{"orders":[null,7,{},{"id":"<b>","quantity":1}],"purchase":{}}'):
        page.evaluate("([id, text]) => localStorage.setItem(`ticketblitz:event:${id}`, text)", [sale.id, text])
        page.evaluate("localStorage.setItem('ticketblitz:customer', '{}')")
        page.reload()
        expect(page.get_by_role("button", name="Buy 1 ticket")).to_be_visible()
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(tickets(page).first).to_contain_text("Confirmed")
    assert sale.taken() == 1


@case
def a_service_that_is_away_at_first_is_waited_for(t):
    sale = t.sale()
    context = t.context()
    gate = threading.Event()
    context.route("**/events/**", lambda route: route.continue_() if gate.is_set() else route.abort())
    page = t.open(sale.path, context)
    expect(page.locator("#lead")).to_have_text("The service does not respond.")
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    gate.set()
    expect(page.get_by_role("button", name="Buy 1 ticket")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("Live")


main()
