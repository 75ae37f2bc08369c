"""Accessibility in each state and both colour schemes, movement, and the weight of the pages."""

import re

from playwright.sync_api import expect

from support import COLOURS, after, axe, case, main, saw


def buy(page):
    return page.locator("#buy")


def each_scheme(t, path, ready, *, name=""):
    """Runs axe on a page in both colour schemes, after `ready(page)`."""
    page = t.open(path)
    ready(page)
    expect(page.locator("#connection")).not_to_have_text("Connecting")
    axe(page, name or path)
    page.emulate_media(color_scheme="dark")
    axe(page, f"{name or path}, dark", COLOURS)


def sees(selector, text):
    return lambda page: expect(page.locator(selector)).to_contain_text(text)


@case
def axe_finds_nothing_in_the_states_of_a_sale(t):
    states = {
        "Not yet on sale": t.sale(opens_at=after(9000)), "On sale": t.sale(closes_at=after(9000), per_customer_limit=4),
        "Sold out": t.sale(capacity=1), "All held": t.sale(capacity=1, hold_seconds=600), "Paused": t.sale(paused=True),
        "Ended": t.sale(closes_at=after(-60)), "Over": t.sale(archived=True),
    }
    states["Sold out"].buy()
    states["All held"].buy()
    for text, sale in states.items():
        each_scheme(t, sale.path, sees("#badge", text), name=text)
    each_scheme(t, "/e/none", sees("h1", "No such sale"))


@case
def axe_finds_nothing_on_the_list(t):
    for terms in ({}, {"opens_at": after(9000)}, {"paused": True}, {"capacity": 0}):
        t.sale(**terms)
    each_scheme(t, "/", lambda page: expect(page.get_by_role("listitem").nth(3)).to_be_visible())


@case
def axe_finds_nothing_on_the_way_to_a_ticket(t):
    held, sold = t.sale(hold_seconds=600), t.sale(per_customer_limit=3)

    def hold(page):
        buy(page).click()
        expect(page.get_by_role("button", name="Confirm purchase")).to_be_visible()

    def ask(page):
        hold(page)
        page.get_by_role("button", name="Give back").click()

    def give(page):
        ask(page)
        page.get_by_role("button", name="Yes, give back").click()
        expect(page.get_by_role("button", name="Remove from this list")).to_be_visible()

    def wrong(page):
        buy(page).click()
        expect(page.locator("#customer")).to_be_focused()

    def confirmed(page):
        page.locator("#customer").fill("ann")
        page.get_by_role("button", name="One ticket more").click()
        buy(page).click()
        expect(page.get_by_role("button", name="Cancel this order")).to_be_visible()

    for body in (hold, ask, give):
        each_scheme(t, held.path, body, name=body.__name__)
    for body in (wrong, confirmed):
        each_scheme(t, sold.path, body, name=body.__name__)


@case
def axe_finds_nothing_in_failures(t):
    sale = t.sale()

    def waiting(page):
        page.route("**/buy", lambda route: route.fulfill(status=503, json={"code": "recovering", "detail": "Wait."}, headers={"Retry-After": "60"}))
        buy(page).click()
        expect(page.locator("#progress")).to_contain_text("Trying again in")

    def unknown(page):
        page.route("**/buy", lambda route: route.abort())
        buy(page).click()
        expect(page.locator("#progress")).to_contain_text("Trying again in")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Ask again")).to_be_visible()

    def refused(page):
        page.route("**/buy", lambda route: route.fulfill(status=409, json={"code": "order-limit", "detail": "No more."}))
        buy(page).click()
        expect(page.locator("#notice")).to_have_text("No more.")

    def offline(page):
        expect(page.locator("#connection")).to_have_text("Live")
        page.context.set_offline(True)
        expect(page.locator("#banner")).to_be_visible()

    for body in (waiting, unknown, refused, offline):
        each_scheme(t, sale.path, body, name=body.__name__)


@case
def screen_readers_are_not_flooded(t):
    """Of a rush only changes of the state are said, and of a hold's countdown a few moments."""
    sale = t.sale(capacity=200, hold_seconds=62)
    page = t.open(sale.path)
    page.evaluate("""() => {
        window.said = [];
        new MutationObserver(() => window.said.push(document.getElementById("said").textContent))
            .observe(document.getElementById("said"), { childList: true, characterData: true, subtree: true });
    }""")
    for _ in range(30):
        sale.buy()
    expect(page.locator("#left")).to_have_text("170")
    assert page.evaluate("window.said") == []
    buy(page).click()
    saw(page, "orders", re.compile("0:5[0-7]"))
    said = page.evaluate("window.said")
    assert 2 <= len(said) <= 5, said
    assert "1 minute left to confirm 1 ticket." in said, said
    live = page.locator("[aria-live], [role=alert], [role=status], [role=log]")
    expect(live).to_have_count(1)


@case
def who_wants_no_movement_gets_none(t):
    sale = t.sale()
    for motion, name in (("reduce", "none"), ("no-preference", "turn")):
        page = t.open(sale.path, reduced_motion=motion)
        page.route("**/buy", lambda route: route.abort())
        buy(page).click()
        expect(page.locator("#progress")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('#progress p'), '::before').animationName") == name


@case
def colours_of_the_system_show_the_same(t):
    sale = t.sale(hold_seconds=60)
    page = t.open(sale.path, forced_colors="active")
    buy(page).click()
    expect(page.get_by_role("button", name="Confirm purchase")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.getElementById('buy')).borderStyle") == "solid"


@case
def pages_are_light(t):
    """Under 60 KB each before compression, nothing from other hosts, and nothing is transferred again by a reload."""
    sale = t.sale()
    for path in ("/", sale.path):
        page = t.open(path)
        expect(page.locator("#connection")).to_have_text("Live")
        measured = """performance.getEntries().filter(({ entryType, initiatorType }) =>
            entryType === "navigation" || ["script", "link", "css", "other"].includes(initiatorType))
            .map(({ name, decodedBodySize, transferSize }) => [name, decodedBodySize, transferSize])"""
        files = page.evaluate(measured)
        assert len(files) >= 4, files
        assert all(name.startswith(t.service.base) for name, *_ in files), files
        weight = sum(size for _, size, _ in files)
        assert 10_000 < weight < 60_000, files
        print(f"        {path.split('/')[1] or 'list'}: {weight} bytes in {len(files)} files")
        page.reload()
        expect(page.locator("#connection")).to_have_text("Live")
        again = page.evaluate(measured)
        assert sum(transferred for *_, transferred in again) < 10_000, again


main()
