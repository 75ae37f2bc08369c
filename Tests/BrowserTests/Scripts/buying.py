"""Purchases on the buyer's page: confirmed, held, given back, with limits, by keyboard, in two tabs."""

from playwright.sync_api import expect

from support import case, eventually, main, saw


def tickets(page):
    return page.get_by_role("region", name="Your tickets").get_by_role("listitem")


def said(page):
    return page.get_by_role("status")


@case
def a_purchase_is_confirmed(t):
    sale = t.sale(capacity=10)
    page = t.open(sale.path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Gala")
    expect(page.locator("#left")).to_have_text("10")
    page.get_by_role("button", name="One ticket more").click()
    page.get_by_role("button", name="Buy 2 tickets").click()
    expect(tickets(page)).to_have_count(1)
    expect(tickets(page)).to_contain_text("Confirmed. The tickets are yours.")
    expect(said(page)).to_contain_text("Confirmed")
    expect(page.locator("#left")).to_have_text("8")
    assert sale.taken() == 2
    page.reload()
    expect(tickets(page)).to_contain_text("Confirmed")
    assert sale.taken() == 2


@case
def a_hold_is_confirmed(t):
    sale = t.sale(hold_seconds=120)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    timer = tickets(page).get_by_role("timer")
    expect(timer).to_contain_text("1:")
    first = timer.text_content()
    expect(timer).not_to_have_text(first)
    expect(tickets(page)).to_be_focused()
    # Both in one turn of the page: the countdown goes on.
    both = "() => [document.title, document.querySelector('#orders [role=timer]').textContent]"
    title, left = page.evaluate(both)
    assert title == f"{left} to confirm · Gala · TicketBlitz", (title, left)
    assert sale.get()["held"] == 1
    tickets(page).get_by_role("button", name="Confirm purchase").click()
    expect(tickets(page)).to_contain_text("Confirmed. The ticket is yours.")
    expect(tickets(page)).to_be_focused()
    expect(timer).to_be_hidden()
    assert (sale.get()["sold"], sale.get()["held"]) == (1, 0)


@case
def a_hold_is_given_back(t):
    sale = t.sale(hold_seconds=120)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    give = tickets(page).get_by_role("button", name="Give back", exact=True)
    give.click()
    tickets(page).get_by_role("button", name="Keep them").click()
    expect(give).to_be_focused()
    give.click()
    tickets(page).get_by_role("button", name="Yes, give back").click()
    expect(tickets(page)).to_contain_text("Given back.")
    eventually("the stock is complete", lambda: sale.get()["available"] == 10)
    expect(page.locator("#left")).to_have_text("10")
    tickets(page).get_by_role("button", name="Remove from this list").click()
    expect(page.get_by_role("region", name="Your tickets")).to_be_hidden()


@case
def a_hold_ends(t):
    sale = t.sale(capacity=1, hold_seconds=3)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    saw(page, "orders", "held for you until", "Nothing was bought")
    expect(tickets(page).get_by_role("button", name="Confirm purchase")).to_have_count(0)
    expect(page.locator("#left")).to_have_text("1")
    expect(page.get_by_role("button", name="Hold 1 ticket")).to_be_visible()


@case
def a_confirmed_order_is_cancelled(t):
    sale = t.sale()
    page = t.open(sale.path)
    page.get_by_role("button", name="Buy 1 ticket").click()
    tickets(page).get_by_role("button", name="Cancel this order").click()
    tickets(page).get_by_role("button", name="Yes, give back").click()
    expect(tickets(page)).to_contain_text("Given back.")
    eventually("the stock is complete", lambda: sale.get()["available"] == 10)


@case
def an_order_that_changes_elsewhere_changes_here(t):
    sale = t.sale(hold_seconds=120)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(page)).to_contain_text("held for you")
    number = tickets(page).locator("code").text_content()
    sale.change({"ticket_id": number}, "confirm")
    expect(tickets(page)).to_contain_text("Confirmed.")


@case
def the_quantity_knows_the_limits(t):
    sale = t.sale(capacity=9, max_quantity=4, per_customer_limit=5)
    page = t.open(sale.path)
    quantity, more, fewer = page.get_by_label("Tickets", exact=True), *(
        page.get_by_role("button", name=f"One ticket {name}") for name in ("more", "fewer"))
    page.get_by_label("Your name").fill("ann")
    expect(fewer).to_have_attribute("aria-disabled", "true")
    for _ in range(3):
        more.click()
    expect(quantity).to_have_value("4")
    expect(more).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#quantity-hint")).to_have_text("At most 4 tickets in one order.")
    quantity.fill("99")
    quantity.press("Tab")
    expect(quantity).to_have_value("4")
    page.get_by_role("button", name="Buy 4 tickets").click()
    expect(tickets(page)).to_contain_text("Confirmed")
    # The customer's limit: five together.
    expect(quantity).to_have_value("1")
    expect(page.locator("#quantity-hint")).to_contain_text("you can have 1 more")
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(tickets(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Limit reached")).to_have_attribute("aria-disabled", "true")
    # Another customer; four of nine are left, then fewer.
    page.get_by_label("Your name").fill("bob")
    expect(page.get_by_role("button", name="Buy 1 ticket")).to_be_visible()
    sale.buy(quantity=2, customer="eve")
    expect(page.locator("#quantity-hint")).to_have_text("Only 2 left.")
    quantity.fill("4")
    quantity.press("Tab")
    expect(quantity).to_have_value("2")


@case
def a_customer_is_asked_for_and_remembered(t):
    sale = t.sale(per_customer_limit=2)
    context = t.context()
    page = t.open(sale.path, context)
    page.get_by_role("button", name="Buy 1 ticket").click()
    field = page.get_by_label("Your name")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Enter your name: it is needed for this sale.").last).to_be_visible()
    assert sale.taken() == 0
    field.fill("ann")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(tickets(page)).to_contain_text("Confirmed")
    page.reload()
    expect(field).to_have_value("ann")
    # In another browser the service knows more than the page.
    other = t.open(sale.path)
    other.get_by_label("Your name").fill("ann")
    other.get_by_role("button", name="One ticket more").click()
    other.get_by_role("button", name="Buy 2 tickets").click()
    expect(other.locator("#notice")).to_contain_text("You can have 1 more")
    expect(other.get_by_label("Tickets", exact=True)).to_have_value("1")
    other.get_by_role("button", name="Buy 1 ticket").click()
    expect(tickets(other)).to_contain_text("Confirmed")
    assert sale.taken() == 2


@case
def a_limit_of_holds_is_explained(t):
    sale = t.sale(hold_seconds=60, max_holds=1)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(page)).to_have_count(1)
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(page.locator("#notice")).to_contain_text("confirm or cancel one")
    assert sale.taken() == 1


@case
def a_pause_after_a_hold_that_ended_is_counted_down(t):
    sale = t.sale(hold_seconds=1, hold_pause_seconds=5)
    page = t.open(sale.path)
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(page)).to_contain_text("Nothing was bought")
    page.get_by_role("button", name="Hold 1 ticket").click()
    saw(page, "buy", "Again in 0:0", "Hold 1 ticket")
    saw(page, "notice", "You can hold tickets again in 0:0")
    page.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(page)).to_have_count(2)


@case
def the_keyboard_is_enough(t):
    sale = t.sale(hold_seconds=120, per_customer_limit=4)
    page = t.open(sale.path)
    expect(page.get_by_role("button", name="Hold 1 ticket")).to_be_visible()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        if reached[-1] == "customer":
            page.keyboard.type("ann")
        if reached[-1] == "quantity":
            page.keyboard.press("ArrowUp")
        if reached[-1] == "buy":
            break
    assert reached[-1] == "buy", reached
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(tickets(page)).to_be_focused()
    expect(tickets(page).get_by_role("heading")).to_have_text("2 tickets")
    page.keyboard.press("Tab")
    expect(tickets(page).get_by_role("button", name="Confirm purchase")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tickets(page)).to_contain_text("Confirmed.")
    expect(tickets(page)).to_be_focused()
    assert sale.get()["sold"] == 2


@case
def who_presses_twice_buys_once(t):
    sale = t.sale()
    page = t.open(sale.path)
    held = []
    page.route("**/buy", lambda route: held.append(route))
    page.get_by_role("button", name="Buy 1 ticket").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#progress-text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#progress-text")).to_have_text("Buying 1 ticket")
    for route in held:
        route.continue_()
    expect(tickets(page)).to_contain_text("Confirmed")
    other = t.open(sale.path)
    other.get_by_role("button", name="Buy 1 ticket").dblclick()
    expect(tickets(other)).to_contain_text("Confirmed")
    for one in (page, other):
        expect(tickets(one)).to_have_count(1)
    assert sale.taken() == 2


@case
def two_tabs_show_the_same(t):
    sale = t.sale(hold_seconds=120)
    context = t.context()
    one, other = t.open(sale.path, context), t.open(sale.path, context)
    one.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(other)).to_contain_text("held for you")
    tickets(other).get_by_role("button", name="Confirm purchase").click()
    for page in (one, other):
        expect(tickets(page)).to_contain_text("Confirmed.")
    other.get_by_role("button", name="Hold 1 ticket").click()
    expect(tickets(one)).to_have_count(2)
    expect(tickets(other)).to_have_count(2)
    assert sale.taken() == 2


@case
def what_is_kept_is_bounded(t):
    sale = t.sale(capacity=100, max_quantity=1)
    context = t.context()
    page = t.open(sale.path, context)
    page.evaluate("""for (let n = 0; n < 60; n += 1) localStorage.setItem(`ticketblitz:event:old-${n}`, JSON.stringify({ orders: [], at: n }))""")
    for number in range(22):
        expect(page.get_by_role("button", name="Buy 1 ticket")).to_be_visible()
        page.get_by_role("button", name="Buy 1 ticket").click()
        expect(page.locator("#left")).to_have_text(str(99 - number))
        expect(tickets(page)).to_have_count(min(20, number + 1))
        expect(tickets(page).first).to_contain_text("Confirmed")
    kept = page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('ticketblitz:event:')).length")
    assert kept == 30, kept


@case
def a_browser_that_keeps_nothing_can_buy(t):
    sale = t.sale()
    context = t.context()
    context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })")
    page = t.open(sale.path, context)
    page.get_by_role("button", name="Buy 1 ticket").click()
    expect(tickets(page)).to_contain_text("Confirmed")
    expect(page.get_by_text("This browser keeps nothing")).to_be_visible()


main()
