"""A purchase while the service limits the requests of the buyer's address. The service runs with RATE_LIMIT=5."""

import threading
import time

from playwright.sync_api import expect

from support import SECONDS, case, main, saw


@case
def a_rate_limit_is_waited_for(t):
    sale = t.sale()
    page = t.open(sale.path)
    expect(page.get_by_role("button", name="Buy 1 ticket")).to_be_visible()
    sent = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/buy") else None)
    enough = threading.Event()

    def others():
        while not enough.is_set():
            t.service.send("GET", "/healthz")

    crowd = threading.Thread(target=others)
    crowd.start()
    try:
        # The first request may be the one that passes.
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and not page.evaluate("(window.shown.progress ?? []).some((text) => text.includes('Trying again'))"):
            if page.get_by_role("button", name="Buy 1 ticket").is_visible():
                page.get_by_role("button", name="Buy 1 ticket").click()
            page.wait_for_timeout(20)
        saw(page, "progress", "Trying again in 0:0")
    finally:
        enough.set()
        crowd.join()
    last = sent[-1].headers["idempotency-key"]
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.get_by_role("region", name="Your tickets").get_by_role("listitem").first).to_contain_text("Confirmed")
    keys = [request.headers["idempotency-key"] for request in sent]
    assert keys[-1] == last and keys.count(last) >= 2, keys
    assert sale.taken() == len(set(keys)), keys


main()
