"""What the buyer's page says in each state of a sale, and how it changes by itself."""

import re

from playwright.sync_api import expect

from support import after, case, eventually, fits, main, saw


def badge(page):
    return page.locator("#badge")


def buy(page):
    return page.locator("#buy")


@case
def a_sale_sells_out_live(t):
    sale = t.sale(capacity=2)
    page = t.open(sale.path)
    expect(badge(page)).to_have_text("On sale")
    order = sale.buy(quantity=2)
    expect(badge(page)).to_have_text("Sold out")
    expect(page.get_by_text("All tickets are sold. If one is given back, it appears here.", exact=True).first).to_be_visible()
    saw(page, "said", "Sold out.")
    expect(buy(page)).to_be_hidden()
    expect(page).to_have_title("Sold out · Gala · TicketBlitz")
    eventually("it is confirmed", lambda: sale.get()["sold"] == 2)
    sale.change(order, "cancel")
    expect(badge(page)).to_have_text("On sale")
    saw(page, "said", "Tickets are available again.")
    expect(buy(page)).to_have_text("Buy 1 ticket")


@case
def a_purchase_that_is_too_late_says_so(t):
    sale = t.sale(capacity=3)
    page = t.open(sale.path)
    page.get_by_role("button", name="One ticket more").click()
    expect(buy(page)).to_have_text("Buy 2 tickets")
    # The page does not learn of what others buy.
    page.route("**/events/*/live", lambda route: route.abort())
    page.route(re.compile("/events/[^/]+$"), lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('offline'))")
    sale.buy(quantity=2)
    buy(page).click()
    expect(page.locator("#notice")).to_have_text("Only 1 left.")
    expect(buy(page)).to_have_text("Buy 1 ticket")
    sale.buy()
    buy(page).click()
    expect(page.locator("#notice")).to_contain_text("no tickets are left")
    assert sale.taken() == 3


@case
def all_held_shows_the_next_chance(t):
    sale = t.sale(capacity=2, hold_seconds=15)
    page = t.open(sale.path)
    expect(buy(page)).to_be_visible()
    sale.buy(quantity=2)
    page.get_by_role("button", name="Try to get 1 ticket").click()
    saw(page, "badge", "All held", "On sale")
    saw(page, "lead", "All remaining tickets are held by other buyers.", "Next chance at")
    saw(page, "notice", re.compile(r"Next chance in 0:[01]\d"))
    saw(page, "said", "Tickets are available again.")
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(page.get_by_role("button", name="Confirm purchase")).to_be_visible()


def watch_an_opening(t, context):
    """The page is open when the opening is set: a busy machine needs a while to open it."""
    sale = t.sale(opens_at=after(3000))
    page = t.open(sale.path, context)
    expect(badge(page)).to_have_text("Not yet on sale")
    expect(page.locator("#connection")).to_have_text("Live")
    sale.put(opens_at=after(6))
    saw(page, "opens-in", re.compile(r"^0:0[1-7]$"))
    saw(page, "buy", re.compile(r"^Opens in 0:0\d$"), "Buy 1 ticket")
    saw(page, "badge", "On sale")
    saw(page, "said", "On sale.")
    expect(page.get_by_role("timer")).to_be_hidden()
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(page.get_by_role("region", name="Your tickets")).to_contain_text("Confirmed")
    assert sale.taken() == 1


@case
def an_opening_is_counted_down(t):
    watch_an_opening(t, t.context())


@case
def a_sale_that_is_not_open_cannot_be_bought(t):
    page = t.open(t.sale(opens_at=after(3000)).path)
    expect(buy(page)).to_have_text(re.compile("^Opens in 4"))
    expect(buy(page)).to_have_attribute("aria-disabled", "true")
    expect(page).to_have_title(re.compile("^Opens in 4.* · Gala"))


def with_clock(t, hours):
    context = t.context()
    context.add_init_script(f"""{{
        const Right = Date, wrong = {hours} * 3600_000;
        window.Date = class extends Right {{
            constructor(...given) {{ if (given.length) super(...given); else super(Right.now() + wrong); }}
            static now() {{ return Right.now() + wrong; }}
        }};
    }}""")
    return context


@case
def an_opening_is_counted_down_with_a_clock_that_is_ahead(t):
    watch_an_opening(t, with_clock(t, 2))


@case
def an_opening_is_counted_down_with_a_clock_that_is_behind(t):
    watch_an_opening(t, with_clock(t, -2))


@case
def a_hold_is_counted_down_with_a_wrong_clock(t):
    sale = t.sale(hold_seconds=100)
    page = t.open(sale.path, with_clock(t, 2))
    buy(page).click()
    expect(page.get_by_role("timer")).to_have_text(re.compile("^1:[34]"))


@case
def days_and_hours_are_counted_down(t):
    sale = t.sale(opens_at=after(3 * 86400 + 7200))
    page = t.open(sale.path)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^3 d 0[12]:\d\d:\d\d$"))
    expect(page.get_by_role("timer")).to_have_attribute("aria-label", re.compile("^3 days [12] hours?$"))


@case
def a_pause_and_its_end_are_shown_live(t):
    sale = t.sale()
    page = t.open(sale.path)
    expect(badge(page)).to_have_text("On sale")
    sale.put(paused=True)
    expect(badge(page)).to_have_text("Paused")
    expect(buy(page)).to_have_text("Paused")
    expect(buy(page)).to_have_attribute("aria-disabled", "true")
    saw(page, "said", "Paused.")
    sale.put(paused=False)
    expect(badge(page)).to_have_text("On sale")
    buy(page).click()
    expect(page.get_by_role("region", name="Your tickets")).to_contain_text("Confirmed")


@case
def the_terms_change_live(t):
    sale = t.sale(name="Before")
    page = t.open(sale.path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Before")
    sale.put(name="After", max_quantity=2, hold_seconds=60)
    expect(page.get_by_role("heading", level=1)).to_have_text("After")
    expect(buy(page)).to_have_text("Hold 1 ticket")
    expect(page.locator("#quantity-hint")).to_have_text("At most 2 tickets in one order.")
    expect(page.locator("#terms")).to_contain_text("1 minute to confirm")


@case
def a_sale_ends_live(t):
    sale = t.sale(closes_at=after(3000))
    page = t.open(sale.path)
    expect(page.locator("#lead")).to_contain_text("On sale until")
    expect(page.locator("#connection")).to_have_text("Live")
    sale.put(closes_at=after(3))
    expect(badge(page)).to_have_text("Ended")
    expect(buy(page)).to_be_hidden()
    expect(page.get_by_role("link", name="See all sales")).to_be_visible()


@case
def an_archived_sale_keeps_its_orders(t):
    sale = t.sale()
    page = t.open(sale.path)
    buy(page).click()
    expect(page.get_by_role("region", name="Your tickets")).to_contain_text("Confirmed")
    sale.put(archived=True)
    expect(badge(page)).to_have_text("Over")
    page.reload()
    expect(badge(page)).to_have_text("Over")
    expect(page.get_by_role("region", name="Buy tickets")).to_be_hidden()
    expect(page.get_by_role("region", name="Your tickets")).to_contain_text("Confirmed")


@case
def an_unknown_sale_is_not_found(t):
    for path in ("/e/no-such-sale", "/e/%20", "/e/%C3%A4", "/e/%25", "/e/..%2fadmin"):
        page = t.open(path)
        expect(page.get_by_role("heading", level=1)).to_have_text("No such sale")
        expect(page.get_by_role("link", name="See all sales")).to_have_attribute("href", "/")
        expect(buy(page)).to_be_hidden()


@case
def a_deleted_sale_is_not_found(t):
    sale = t.sale()
    page = t.open(sale.path)
    expect(badge(page)).to_have_text("On sale")
    status, body = t.service.admin("DELETE", f"/events/{sale.id}")
    assert status == 204, body
    expect(page.get_by_role("heading", level=1)).to_have_text("No such sale")


@case
def a_reset_takes_the_orders_away(t):
    sale = t.sale()
    page = t.open(sale.path)
    buy(page).click()
    orders = page.get_by_role("region", name="Your tickets")
    expect(orders).to_contain_text("Confirmed")
    status, body = t.service.admin("POST", "/reset", {"event": sale.id})
    assert status == 200, body
    page.reload()
    expect(orders).to_contain_text("no such order")
    page.get_by_role("button", name="Remove from this list").click()
    expect(orders).to_be_hidden()


@case
def markup_in_a_name_is_text(t):
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e\u0301 &lt;b&gt;"
    sale = t.sale(name=name)
    opened = []
    for path in (sale.path, "/"):
        page = t.open(path)
        page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
        if path == "/":
            expect(page.locator(f'a[href="{sale.path}"]')).to_have_text(name)
        else:
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
        assert page.locator("main img, main script").count() == 0
    assert not opened


@case
def narrow_windows_need_no_scrolling_aside(t):
    word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihungsfeier"
    sale = t.sale(name=word + " " + word, capacity=1_000_000, per_customer_limit=4, hold_seconds=604800, max_quantity=1000)
    page = t.open(sale.path, width=320, height=560)
    page.get_by_label("Your name").fill("x" * 128)
    fits(page)
    buy(page).click()
    expect(page.get_by_role("timer")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Give back").click()
    fits(page)
    sale.put(opens_at=after(9_000_000))
    expect(badge(page)).to_have_text("Not yet on sale")
    fits(page)
    page.goto("/")
    expect(page.get_by_role("link", name=word).first).to_be_visible()
    fits(page)


@case
def the_list_is_live(t):
    one, other = t.sale(name="First night", capacity=5), t.sale(name="Second night", opens_at=after(3000))
    page = t.open("/")
    row = lambda sale: page.get_by_role("listitem").filter(has=page.locator(f'a[href="{sale.path}"]'))
    expect(row(one)).to_contain_text("5 of 5 left")
    expect(row(other)).to_contain_text("Opens in 4")
    other.put(opens_at=after(4))
    one.buy(quantity=2)
    expect(row(one)).to_contain_text("3 of 5 left")
    one.buy(quantity=3)
    expect(row(one)).to_contain_text("Sold out")
    expect(row(other)).to_contain_text("On sale")
    third = t.sale(name="Third night")
    expect(row(third)).to_contain_text("On sale")
    third.put(archived=True)
    expect(row(third)).to_have_count(0)
    page.get_by_role("link", name="Second night").and_(page.locator(f'[href="{other.path}"]')).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second night")
    page.get_by_role("link", name="TicketBlitz").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sales")


@case
def without_streams_the_pages_ask(t):
    """A proxy that keeps streams back until they end."""
    sale = t.sale(capacity=5)
    context = t.context()
    context.route("**/live", lambda route: None)
    pages = [t.open(path, context) for path in (sale.path, "/")]
    places = [pages[0].locator("#left"), pages[1].get_by_role("listitem").filter(has=pages[1].locator(f'a[href="{sale.path}"]'))]
    for left in (5, 4, 3):
        for place in places:
            expect(place).to_contain_text(str(left) if place is places[0] else f"{left} of 5 left")
        sale.buy()
    buy(pages[0]).click()
    expect(pages[0].get_by_role("region", name="Your tickets")).to_contain_text("Confirmed")


main()
