"""The console's webhooks, with receivers of this script. The service has WEBHOOK_ALLOW_PRIVATE=true; VIEWER_TOKEN is the token of
a viewer."""

import base64
import hmac
import http.server
import os
import re
import threading
import uuid

from playwright.sync_api import expect

from support import COLOURS, axe, case, eventually, figure, fits, main, sign_in


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps the messages that it gets, and answers `status` and `answer`. It ends with the case."""

    def __init__(self, t, status=200):
        super().__init__(("127.0.0.1", 0), Answering)
        self.status, self.answer, self.messages = status, b"", []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook?key=k1"
        threading.Thread(target=self.serve_forever, daemon=True).start()
        t.at_end(self.server_close)
        t.at_end(self.shutdown)


class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


def signature(secret, message):
    """What the receiver of a message expects with a secret, as Standard Webhooks defines it."""
    headers, body = message
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), text, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def new_name(t):
    """The id of a webhook, which is deleted with the case."""
    name = f"w-{uuid.uuid4().hex[:12]}"
    t.at_end(t.service.admin, "DELETE", f"/admin/webhooks/{name}")
    return name


def webhook(t, **terms):
    """A webhook that the service has."""
    name = new_name(t)
    status, body = t.service.admin("PUT", f"/admin/webhooks/{name}", terms)
    assert status == 201, body
    return name


def get(t, name):
    status, body = t.service.admin("GET", f"/admin/webhooks/{name}")
    assert status == 200, body
    return body


def actions(t, name):
    """What administrators have done with a webhook, the newest first."""
    return [entry["action"] for entry in t.service.admin("GET", f"/admin/audit?subject={name}")[1]["entries"]]


def rows(page):
    return page.get_by_role("table", name="Deliveries").locator("tbody tr")


@case
def a_webhook_is_created_and_its_secret_is_shown_once(t):
    receiver, name = Receiver(t), new_name(t)
    context = t.context(width=1280, permissions=["clipboard-read", "clipboard-write"])
    page = sign_in(t, "webhooks", context=context)
    page.get_by_role("link", name="New webhook").click()
    page.get_by_label("Id letters").fill(name)
    page.get_by_label("URL").fill("ftp://127.0.0.1/")
    page.get_by_label("order.held").check()
    page.get_by_label("event.changed").check()
    page.get_by_label("Events").fill("gala, other")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".refusal")).to_contain_text("it must begin with https://")
    expect(page.get_by_label("URL")).to_be_focused()
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} is created")
    expect(page.get_by_role("region", name="Secret")).to_be_focused()
    expect(page.get_by_role("region", name="Secret")).to_contain_text("It is not shown again")
    secret = page.locator("#secret").text_content()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{40,}=*", secret), secret
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.get_by_role("region", name="Secret")).to_contain_text("The secret is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    axe(page, "a new secret")
    made = get(t, name)
    assert (made["url"], made["types"], made["events"], made["paused"]) == (receiver.url, ["order.held", "event.changed"], ["gala", "other"], False), made
    page.get_by_role("link", name="Show the webhook").click()
    expect(page.get_by_label("URL")).to_have_value(receiver.url)
    assert "whsec_" not in page.content()
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])")
    assert "whsec_" not in kept, kept
    page.goto("/console#webhooks/")
    page.get_by_label("Id letters").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".refusal")).to_have_text(f"There is a webhook {name} already.")


@case
def a_secret_that_cannot_be_copied_is_selected(t):
    """A page without TLS, other than that of this machine, has no clipboard."""
    context = t.context(width=1280)
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })")
    page = sign_in(t, f"webhooks/{webhook(t)}", context=context)
    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_role("dialog").get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_role("region", name="Secret")).to_be_focused()
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.get_by_role("region", name="Secret")).to_contain_text("copy it with the keyboard")
    assert page.evaluate("getSelection().toString()") == page.locator("#secret").text_content()
    page.get_by_role("button", name="Hide").click()
    expect(page.locator("#secret")).to_have_count(0)


@case
def messages_are_sent_and_signed_and_secrets_rotate(t):
    receiver, name = Receiver(t), new_name(t)
    page = sign_in(t, "webhooks/")
    page.get_by_label("Id letters").fill(name)
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_label("Paused").check()
    page.get_by_role("button", name="Create").click()
    first = page.locator("#secret").text_content()
    page.get_by_role("link", name="Show the webhook").click()
    expect(page.locator("dl.facts")).to_contain_text("paused")
    expect(page.get_by_role("button", name="Send a test message")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("dl.facts")).to_contain_text("active")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.locator(".done")).to_contain_text("The test message is delivery")
    expect(rows(page)).to_contain_text("delivered")
    expect(rows(page)).to_contain_text("webhook.test")
    expect(rows(page)).to_contain_text("200")
    assert [headers["webhook-signature"] for headers, _ in receiver.messages] == [signature(first, receiver.messages[0])]

    rows(page).get_by_role("button", name="Send delivery").click()
    eventually("it is sent again", lambda: len(receiver.messages) == 2, page=page)
    assert receiver.messages[0][0]["webhook-id"] == receiver.messages[1][0]["webhook-id"]

    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_role("dialog").get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_role("region", name="Secret")).to_be_focused()
    second = page.locator("#secret").text_content()
    assert second != first
    expect(page.locator("dl.facts")).to_contain_text("signs too until")
    page.get_by_role("button", name="Send a test message").click()
    expect(rows(page)).to_have_count(2)
    eventually("it has come", lambda: len(receiver.messages) == 3, page=page)
    message = receiver.messages[2]
    assert set(message[0]["webhook-signature"].split()) == {signature(first, message), signature(second, message)}
    assert page.locator("#secret").text_content() == second, "It stays until the view is left."


@case
def failed_messages_are_found_and_sent_again(t):
    receiver = Receiver(t, status=500)
    receiver.answer = b"<b>not today</b>"
    name = webhook(t, url=receiver.url, types=["order.held"])
    page = sign_in(t, f"webhooks/{name}")
    page.get_by_role("button", name="Send a test message").click()
    expect(rows(page)).to_contain_text("500 <b>not today</b>")
    expect(figure(page, "Retrying")).to_have_text("1")
    page.get_by_label("Show deliveries in the state").select_option("dead")
    expect(page.locator("main")).to_contain_text("There are no such deliveries.")
    page.get_by_label("Show deliveries in the state").select_option("retrying")
    expect(rows(page)).to_have_count(1)
    axe(page, "a failed delivery")
    page.get_by_role("button", name="Send delivery").click()
    eventually("the service was asked to", lambda: "webhook.retry" in actions(t, name), page=page)
    receiver.status = 200
    page.get_by_label("Show deliveries in the state").select_option("delivered")
    expect(rows(page)).to_have_count(1)
    expect(figure(page, "Retrying")).to_have_text("0")


@case
def the_terms_are_changed(t):
    name = webhook(t, url="http://127.0.0.1:1/hook?key=k1", types=["order.held"])
    page = sign_in(t, "webhooks")
    row = page.get_by_role("table", name="Webhooks").locator("tbody tr", has_text=name)
    expect(row).to_contain_text("http://127.0.0.1:1/hook?…")
    row.get_by_role("link", name=name).click()
    expect(page.get_by_label("order.held")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice")).to_have_text("Nothing is changed.")
    t.service.admin("PUT", f"/admin/webhooks/{name}", {"events": ["gala"]})
    page.get_by_label("order.held").uncheck()
    page.get_by_label("URL").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".done")).to_have_text("The change is in effect.")
    expect(page.locator("dl.facts")).to_contain_text("its changes are read")
    changed = get(t, name)
    assert "url" not in changed and "types" not in changed, changed
    assert changed["events"] == ["gala"], "What was not changed in the form is not sent."
    expect(page.get_by_label("Events")).to_have_value("gala")
    page.get_by_role("link", name="Changes by administrators").click()
    lines = page.get_by_role("table").locator("tbody tr")
    expect(lines.first).to_contain_text("webhook.change")
    lines.first.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@case
def deliveries_come_in_pages(t):
    receiver, sale = Receiver(t), t.sale(capacity=40)
    name = webhook(t, url=receiver.url, types=["order.confirmed"], events=[sale.id])
    orders = {sale.buy()["ticket_id"] for _ in range(26)}
    page = sign_in(t, f"webhooks/{name}")
    expect(page.get_by_role("button", name="Next page")).to_be_visible()
    expect(rows(page)).to_have_count(25)
    expect(page.get_by_role("button", name="Previous page")).to_be_hidden()
    page.get_by_role("button", name="Next page").click()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Next page")).to_be_hidden()
    page.get_by_role("button", name="Previous page").click()
    expect(rows(page)).to_have_count(25)
    eventually("all have come", lambda: len(receiver.messages) == 26, page=page)
    assert {order for order in orders if any(order.encode() in body for _, body in receiver.messages)} == orders
    # The table is drawn anew when it differs; who uses a keyboard stays where they are.
    expect(figure(page, "Pending")).to_have_text("0")
    link = rows(page).nth(3).get_by_role("link", name=sale.id)
    link.focus()
    sale.buy()
    eventually("it has come", lambda: len(receiver.messages) == 27, page=page)
    expect(rows(page).nth(4).get_by_role("link", name=sale.id)).to_be_focused()


@case
def a_webhook_is_paused_and_deleted(t):
    name = webhook(t, url="http://127.0.0.1:1/")
    page = sign_in(t, f"webhooks/{name}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert get(t, name)["pause_reason"] == "operator"
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    delete = dialog.get_by_role("button", name="Delete")
    expect(delete).to_be_disabled()
    axe(page, "the question of a deletion")
    dialog.get_by_role("textbox").fill(name)
    delete.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Webhooks")
    assert t.service.admin("GET", f"/admin/webhooks/{name}")[0] == 404
    page.goto(f"/console#webhooks/{name}")
    expect(page.locator(".refusal")).to_have_text(f"There is no webhook {name}.")


@case
def a_viewer_sees_all_and_changes_nothing(t):
    receiver = Receiver(t)
    name = webhook(t, url=receiver.url)
    assert t.service.admin("POST", f"/admin/webhooks/{name}/test")[0] == 202
    page = sign_in(t, "webhooks", token=os.environ["VIEWER_TOKEN"])
    page.get_by_role("link", name=name).click()
    expect(rows(page)).to_contain_text("delivered")
    expect(page.get_by_label("URL")).to_have_value(receiver.url)
    expect(page.get_by_label("URL")).to_be_disabled()
    expect(page.get_by_label("order.held")).to_be_disabled()
    for button in ["Save", "Pause", "Send", "Make a new secret", "Delete"]:
        expect(page.get_by_role("button", name=button)).to_have_count(0)
    page.get_by_role("link", name="All webhooks").click()
    expect(page.get_by_role("table", name="Webhooks")).to_contain_text(name)
    expect(page.get_by_role("link", name="New webhook")).to_have_count(0)


@case
def webhooks_are_accessible(t):
    receiver = Receiver(t, status=410)
    name = webhook(t, url=receiver.url, types=["order.confirmed"], events=["gala"])
    assert t.service.admin("POST", f"/admin/webhooks/{name}/test")[0] == 202
    eventually("it is gone", lambda: get(t, name)["paused"])
    page = sign_in(t, "webhooks", width=320)
    for path, text in ((f"webhooks/{name}", "it has answered 410"), ("webhooks", name), ("webhooks/", "none chosen")):
        page.emulate_media(color_scheme="light")
        page.goto(f"/console#{path}")
        expect(page.locator("main")).to_contain_text(text)
        axe(page, path)
        fits(page)
        page.emulate_media(color_scheme="dark")
        axe(page, f"{path}, dark", COLOURS)


main()
