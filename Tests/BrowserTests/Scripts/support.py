"""What the browser tests have in common. A script of cases ends with `main()`:

    from support import case, main

    @case
    def a_buyer_sees_the_name(t):
        sale = t.sale(name="Gala", capacity=5)
        page = t.open(sale.path)
        expect(page.get_by_role("heading", level=1)).to_have_text("Gala")

By hand, against a running service (`ADMIN_TOKEN=secret make run`), with the tools that `make test` installs:

    BASE=http://localhost:9090 ADMIN_TOKEN=secret .run/tools/bin/python Tests/BrowserTests/Scripts/buying.py [CASE ...]

BROWSER names the browser's program, HEADED=1 shows it, TRACES names a folder for a picture of each page that failed.
"""

import contextlib
import json
import os
import pathlib
import re
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

SECONDS = float(os.environ.get("SECONDS_EACH", 60))  # how long an expectation may take on a busy machine
CASES = []
COLOURS = ["color-contrast", "link-in-text-block"]  # axe's rules whose result can differ between the colour schemes
# Keeps every text that an element with an id has shown. A hidden element shows none.
RECORDER = """{
    const shown = (window.shown = {}), last = {};
    const note = () => {
        for (const element of document.querySelectorAll("[id]")) {
            const text = element.closest("[hidden]") ? "" : element.textContent;
            if (text === (last[element.id] ?? "")) continue;
            last[element.id] = text;
            (shown[element.id] ??= []).push(text);
        }
    };
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(note).observe(document, all);
}"""


def case(body):
    """Registers a test. It gets a `Case`, and fails if it raises, or if a page reports an error of a script or of the policy."""
    CASES.append(body)
    return body


class Service:
    """The API that is tested."""

    def __init__(self, base, token):
        self.base, self.token = base, token

    def send(self, method, path, body=None, headers=None, timeout=30):
        """The status and the JSON of a response."""
        data = None if body is None else json.dumps(body).encode()
        fields = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=fields | (headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text.decode()

    def admin(self, method, path, body=None):
        """As `send`, with the admin token. Waits for the rate limit."""
        end = time.monotonic() + SECONDS
        while True:
            status, answer = self.send(method, path, body, {"Authorization": f"Bearer {self.token}", "Cache-Control": "no-cache"})
            if status not in (429, 503) or time.monotonic() > end:
                return status, answer
            time.sleep(0.1)


class Sale:
    """An event of a case."""

    def __init__(self, service, terms):
        self.service = service
        self.id = f"t-{uuid.uuid4().hex[:12]}"
        self.path = f"/e/{self.id}"
        self.put(**({"name": "Gala", "capacity": 10} | terms))

    def put(self, **terms):
        status, body = self.service.admin("PUT", f"/events/{self.id}", terms)
        assert status in (200, 201), body
        return body

    def buy(self, **fields):
        """An order of somebody else."""
        status, body = self.service.send("POST", "/buy", {"event": self.id} | fields)
        assert status == 202, body
        return body

    def change(self, order, action):
        status, body = self.service.send("POST", f"/orders/{order['ticket_id']}/{action}")
        assert status == 200, body

    def end(self):
        """Takes the event off the list of sales."""
        if self.service.admin("PUT", f"/events/{self.id}", {"archived": True})[0] == 409:
            self.service.admin("PUT", f"/events/{self.id}", {"opens_at": None, "closes_at": after(-1)})

    def get(self):
        status, body = self.service.admin("GET", f"/events/{self.id}")
        assert status == 200, body
        return body

    def taken(self):
        """Units that are sold, held and pending."""
        event = self.get()
        return event["sold"] + event["held"] + event["pending"]


class Case:
    """What a test gets: the service, sales, and pages in browsers of their own."""

    def __init__(self, service, browser):
        self.service, self.browser = service, browser
        self.pages, self.errors, self._open = [], [], contextlib.ExitStack()

    def sale(self, **terms):
        """An event. It ends with the case, so that the list of sales stays short."""
        sale = Sale(self.service, terms)
        self._open.callback(sale.end)
        return sale

    def context(self, width=390, height=844, dark=False, reduced_motion="reduce", **options):
        """A browser's profile: what it keeps is shared by its tabs. A phone by default. Movement costs a CPU without a GPU."""
        context = self.browser.new_context(
            base_url=self.service.base, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
            reduced_motion=reduced_motion, **options)
        self._open.callback(context.close)
        context.set_default_timeout(SECONDS * 1000)
        context.add_init_script(RECORDER)
        context.on("page", self._watch)
        return context

    def open(self, path, context=None, **options):
        """A page at a path. Its errors fail the case."""
        page = (context or self.context(**options)).new_page()
        page.goto(path)
        return page

    def _watch(self, page):
        self.pages.append(page)
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))

        def console(message):
            # The browser reports each response above 399 and each lost connection; the cases cause these.
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.errors.append(f"console: {message.text}")

        page.on("console", console)

    def at_end(self, body, *arguments):
        """Calls a function when the case ends; the last one first."""
        self._open.callback(body, *arguments)

    def close(self):
        self._open.close()


def sign_in(t, view="overview", token=None, **options):
    """The console at a view, signed in."""
    from playwright.sync_api import expect

    page = t.open(f"/console#{view}", **({"width": 1280} | options))
    page.get_by_label("Admin token").fill(token or t.service.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def figure(page, name):
    """The value of one of the console's figures."""
    return page.locator(".figures > div", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd")


def axe(page, where="", rules=None):
    """Fails if axe-core finds anything on the page, of any rule and impact, or of the named rules."""
    options = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = Axe().run(page, options=options).response["violations"]
    lines = [f"{rule['id']}: {rule['help']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
    assert not found, f"axe finds on {where or page.url}:\n" + "\n".join(lines)


def fits(page):
    """Fails if the page is wider than the window."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, f"{wide} pixels in a window of {window}"


def eventually(what, condition, seconds=SECONDS, page=None):
    """Waits until a condition is true. The events of a page are handled meanwhile."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting: {what}"
        if page:
            page.wait_for_timeout(100)
        else:
            time.sleep(0.1)


def saw(page, name, *texts):
    """Waits until an element, by its id, has shown texts one after another since the page was loaded: literal, or patterns that
    `re.compile` made. For what a page shows only for a moment, which an expectation on a busy machine looks past."""
    end = time.monotonic() + SECONDS
    while True:
        shown = page.evaluate("(name) => window.shown?.[name] ?? []", name)
        wanted = list(texts)
        for text in shown:
            if wanted and (wanted[0].search(text) if isinstance(wanted[0], re.Pattern) else wanted[0] in text):
                wanted.pop(0)
        if not wanted:
            return
        assert time.monotonic() < end, f"#{name} did not show {wanted[0]!r}; it showed {shown[-20:]}"
        page.wait_for_timeout(250)


def after(seconds):
    """A time of the service, as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


@contextlib.contextmanager
def launch():
    """A browser."""
    with sync_playwright() as playwright:
        program = os.environ.get("BROWSER") or next(
            (path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome") if os.path.exists(path)), None)
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=program, headless=not os.environ.get("HEADED"), args=options + ["--disable-dev-shm-usage", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def main():
    """Runs the registered cases, or those that the command line names. The exit code is the number of those that failed."""
    from playwright.sync_api import expect

    expect.set_options(timeout=SECONDS * 1000)
    names = sys.argv[1:]
    wanted = [body for body in CASES if not names or body.__name__ in names]
    assert wanted, f"no such case; there are {[body.__name__ for body in CASES]}"
    service = Service(os.environ.get("BASE", "http://localhost:9090"), os.environ.get("ADMIN_TOKEN", "secret"))
    failed = 0
    with launch() as browser:
        for body in wanted:
            t, start = Case(service, browser), time.monotonic()
            try:
                body(t)
                assert not t.errors, "\n".join(t.errors)
                print(f"ok      {body.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {body.__name__}\n{traceback.format_exc()}", flush=True)
                for error in t.errors:
                    print(error)
                picture(t, body.__name__)
            finally:
                t.close()
    sys.exit(min(failed, 100))


def picture(t, name):
    folder = os.environ.get("TRACES")
    for number, page in enumerate(t.pages if folder else []):
        with contextlib.suppress(Exception):
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{folder}/{name}-{number}.png", full_page=True)
