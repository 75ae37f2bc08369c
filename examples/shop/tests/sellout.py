"""A thousand shoppers buy 200 seats. Each browses, holds, pays, and tries again if the payment fails or all seats are held.

usage: sellout.py SHOP_URL EVENT SHOPPERS        prints what the shoppers saw, and ends when every shopper has an answer
"""
import collections
import contextlib
import http.client
import json
import random
import sys
import threading
import time
import urllib.parse

UNDER_WAY = ("new", "paying", "paid", "releasing", "returning", "refunding")
ANSWERS = collections.Counter()
PRESENT = 80  # shoppers in the shop at one time; the others come when they leave


class Shopper:
    def __init__(self, number, event):
        self.event, self.email = event, f"shopper-{number}@example.com"
        self.purchase = None  # its state as the shop last said
        self.at = 0.0  # when the shopper looks again
        self.answer = None

    def act(self, browser):
        """One look at the shop, and what follows from it."""
        self.at = time.monotonic() + 0.4 + random.random() / 2
        if self.purchase is None:
            page = browser.get(f"/e/{self.event}")
            if page["event"]["status"] == "sold_out" and page["event"]["held"] == 0:
                self.answer = "sold out"
            elif page["event"]["available"] > 0:
                # Some press the button twice.
                form = {"id": page["purchase_id"], "event": self.event, "quantity": 1, "email": self.email}
                for _ in range(1 if random.random() < 0.9 else 2):
                    self.purchase = browser.post("/purchases", form)["purchase"]
            else:
                self.at += 1  # all seats are held: some may come back
        elif self.purchase["state"] == "held":
            # Some go away without a word, and a few change their minds.
            mood = random.random()
            if mood < 0.03:
                self.purchase = None
            else:
                wish = "cancel" if mood < 0.06 else "pay"
                self.purchase = browser.post(f"/purchases/{self.purchase['id']}/{wish}", {})["purchase"]
        elif self.purchase["state"] in UNDER_WAY:
            self.purchase = browser.get(f"/purchases/{self.purchase['id']}")["purchase"]
        else:
            ANSWERS[self.purchase["state"], self.purchase["reason"]] += 1
            if self.purchase["state"] == "confirmed":
                self.answer = "bought"
            elif self.purchase["reason"] == "sold-out":
                self.answer = "sold out"
            self.purchase = None


class Browser:
    """One connection to the shop. A shop that is away is asked again."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=30)

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, form):
        return self.send("POST", path, urllib.parse.urlencode(form))

    def send(self, method, path, body=None):
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        end = time.monotonic() + 60
        while True:
            try:
                self.connection.request(method, path, body, headers)
                response = self.connection.getresponse()
                content = response.read()
                if response.status == 200:
                    return json.loads(content)
                error = f"{method} {path}: {response.status}"
            except (OSError, http.client.HTTPException) as failure:
                self.connection.close()
                error = f"{method} {path}: {failure}"
            if time.monotonic() > end:
                raise SystemExit(error)
            time.sleep(0.2)


def main(url, event, count):
    outside = collections.deque(Shopper(number, event) for number in range(count))
    inside = collections.deque(outside.popleft() for _ in range(min(PRESENT, count)))
    answers = collections.Counter()
    left = threading.Semaphore(0)

    def browse():
        browser = Browser(url)
        while True:
            try:
                shopper = inside.popleft()
            except IndexError:
                time.sleep(0.05)
                continue
            if shopper.at > time.monotonic():
                inside.append(shopper)
                time.sleep(0.005)
                continue
            shopper.act(browser)
            if shopper.answer is None:
                inside.append(shopper)
                continue
            answers[shopper.answer] += 1
            with contextlib.suppress(IndexError):
                inside.append(outside.popleft())
            left.release()

    for _ in range(16):
        threading.Thread(target=browse, daemon=True).start()
    started = time.monotonic()
    for _ in range(count):
        left.acquire()
    print(f"{dict(answers)} in {time.monotonic() - started:.1f} s; purchases {dict(ANSWERS)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
