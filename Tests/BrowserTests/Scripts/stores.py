"""A purchase while Redis does not respond. REDIS_PID is its process."""

import os
import signal

from playwright.sync_api import expect

from support import case, eventually, main, saw

redis = int(os.environ["REDIS_PID"])


@case
def a_stopped_redis_is_waited_for(t):
    sale = t.sale(hold_seconds=120)
    page = t.open(sale.path)
    sent = []
    page.on("request", lambda request: sent.append(request.headers["idempotency-key"]) if request.url.endswith("/buy") else None)
    expect(page.get_by_role("button", name="Hold 1 ticket")).to_be_visible()
    os.kill(redis, signal.SIGSTOP)
    try:
        page.get_by_role("button", name="Hold 1 ticket").click()
        saw(page, "progress", "Trying again in 0:0")
        page.reload()
        eventually("it is sent again", lambda: len(sent) >= 2, page=page)
    finally:
        os.kill(redis, signal.SIGCONT)
    tickets = page.get_by_role("region", name="Your tickets").get_by_role("listitem")
    expect(tickets).to_contain_text("held for you")
    assert len(set(sent)) == 1, sent
    os.kill(redis, signal.SIGSTOP)
    try:
        page.get_by_role("button", name="Confirm purchase").click()
        saw(page, "orders", "Trying again in 0:0")
    finally:
        os.kill(redis, signal.SIGCONT)
    expect(tickets).to_contain_text("Confirmed.")
    assert sale.taken() == 1


main()
