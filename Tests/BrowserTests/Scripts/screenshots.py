"""Writes the pictures of the documentation into the folder that the command line names. See deploy/local/screenshots."""

import io
import math
import os
import pathlib
import random
import sys
import threading
import time

from PIL import Image
from playwright.sync_api import expect

from support import Case, Service, after, launch

MOST = 150_000  # bytes of a picture
folder = pathlib.Path(sys.argv[1])


def write(name, data):
    """Writes a picture with a palette: a third of the bytes, and no difference that is seen on such pages."""
    image = Image.open(io.BytesIO(data)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    path = folder / f"{name}.png"
    image.save(path, optimize=True)
    assert path.stat().st_size < MOST, f"{path} has {path.stat().st_size} bytes"
    print(f"{path}: {path.stat().st_size} bytes", flush=True)


def crowd(sale, sold, held):
    for number in range(sold):
        order = sale.buy(quantity=4, customer=f"buyer {number}")
        sale.change(order, "confirm")
    for number in range(held):
        sale.buy(quantity=4, customer=f"holder {number}")


def phone(t, dark):
    context = t.context(width=390, height=844, dark=dark, device_scale_factor=2, locale="en-GB", timezone_id="Europe/London")
    return context.new_page()


def buyers(t):
    """The page of a sale: on a phone with a hold, in the dark when it is bought, and on a desktop before it opens."""
    sale = t.sale(name="Midnight Orchestra: the farewell concert", capacity=1200, hold_seconds=300, per_customer_limit=4)
    crowd(sale, 180, 24)
    for dark in (False, True):
        page = phone(t, dark)
        page.goto(sale.path)
        page.get_by_label("Your name").fill("Grace" if dark else "Ada")
        page.get_by_role("button", name="One ticket more").click()
        expect(page.locator("#connection")).to_have_text("Live")
        page.get_by_role("button", name="Hold 2 tickets").click()
        expect(page.get_by_role("timer")).to_have_text("4:48")
        if dark:
            page.get_by_role("button", name="Confirm purchase").click()
            expect(page.get_by_role("listitem")).to_contain_text("Confirmed.")
        page.evaluate("document.activeElement.blur()")
        write("page-bought-dark" if dark else "page-hold", page.screenshot())
    soon = t.sale(name="Harbour Lights Festival", capacity=20_000, opens_at=after(2 * 3600 + 754), max_quantity=6)
    page = t.open(soon.path, width=1000, height=700, locale="en-GB", timezone_id="Europe/London")
    expect(page.locator("#connection")).to_have_text("Live")
    write("page-opening", page.screenshot())


def sales(t):
    terms = [
        dict(name="Cup final", capacity=9000, closes_at=after(86400)), dict(name="Chamber music at noon", capacity=80),
        dict(name="Harbour Lights Festival", capacity=20_000, opens_at=after(7954)),
        dict(name="A night at the museum", capacity=300, paused=True),
    ]
    made = [t.sale(**one) for one in terms]
    for _ in range(8):
        made[1].buy(quantity=10)
    for _ in range(300):
        made[0].buy(quantity=10)
    page = t.open("/", width=1000, height=760, locale="en-GB", timezone_id="Europe/London")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.get_by_role("listitem").filter(has_text="Chamber music")).to_contain_text("Sold out")
    # Only these: what else is on sale on this service is not in the picture.
    page.evaluate("""(ids) => { for (const row of document.querySelectorAll("#sales > li"))
        if (!ids.some((id) => row.querySelector("a").href.endsWith(id))) row.hidden = true; }""", [one.id for one in made])
    write("list", page.screenshot())


def console(t):
    """The console's overview after two minutes of a sale that sells out, and one event."""
    sale = t.sale(name="Midnight Orchestra: the second night", capacity=2500, per_customer_limit=4)
    stop = time.monotonic() + 120

    def crowd(number):
        while (left := stop - time.monotonic()) > 0:
            t.service.send("POST", "/buy", {"event": sale.id, "quantity": 1 + number % 3, "customer": f"guest {random.random()}"})
            time.sleep(random.expovariate(4 + 8 * abs(math.sin(left / 20))))

    crowds = [threading.Thread(target=crowd, args=(number,)) for number in range(4)]
    for one in crowds:
        one.start()
    context = t.context(width=1180, height=760, locale="en-GB", timezone_id="Europe/London")
    page = t.open("/console", context=context)
    page.get_by_label("Admin token").fill(t.service.token)
    page.get_by_role("button", name="Sign in").click()
    for one in crowds:
        one.join()
    expect(page.get_by_role("table", name="Refused purchases")).to_contain_text("sold-out")
    write("console-overview", page.screenshot())
    page.goto(f"/console#events/{sale.id}")
    expect(page.get_by_label("Capacity")).to_have_value("2500")
    write("console-event", page.screenshot())


def lab(t, path):
    """The chart of `make lab` that shows which strategies oversold to many clients."""
    page = t.context(width=1000, height=900).new_page()
    page.goto(pathlib.Path(path).resolve().as_uri())
    write("lab", page.locator("figure").filter(has_text="Units sold beyond the capacity").last.screenshot())


def main():
    expect.set_options(timeout=60_000)
    folder.mkdir(parents=True, exist_ok=True)
    with launch() as browser:
        t = Case(Service(os.environ["BASE"], os.environ["ADMIN_TOKEN"]), browser)
        buyers(t)
        sales(t)
        console(t)
        if os.environ.get("LAB"):
            lab(t, os.environ["LAB"])
        assert not t.errors, t.errors
        t.close()


main()
