"""Sends mail, which for this example is a file in mbox format.

A mail is queued by the transaction that gives the reason for it. If the shop dies after the mail was written and before that
was noted, the mail is written again, with the same Message-ID.
"""
import email.generator
import email.message
import os
import threading
import time

TEXTS = {
    "ticket": ("Your tickets", "{quantity} ticket(s) for {event} are yours. Show this code at the door: {order_id}"),
    "declined": ("Your payment was declined", "Your seats for {event} are free again. You can buy again: nothing was charged."),
    "cancelled": ("Your tickets were cancelled", "Your order for {event} is {reason}. The money is on its way back to you."),
    "refund": ("Your refund", "{amount} cents for {event} are on their way back to you ({reason})."),
}


class Mailer:
    def __init__(self, database, path):
        self._database, self._path = database, str(path)

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            if self.send_queued() == 0:
                time.sleep(0.5)

    def send_queued(self):
        rows = self._database.connection.execute(
            "SELECT mails.id AS mail, mails.kind, purchases.* FROM mails JOIN purchases ON purchases.id = mails.purchase"
            " WHERE sent_at IS NULL ORDER BY mails.id LIMIT 50").fetchall()
        if not rows:
            return 0
        with open(self._path, "ab") as file:
            for row in rows:
                file.write(f"From shop@example.com {time.asctime(time.gmtime())}\n".encode())
                email.generator.BytesGenerator(file, mangle_from_=True).flatten(message(dict(row)))
                file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE mails SET sent_at = ? WHERE id = ?", [(time.time(), row["mail"]) for row in rows])
        return len(rows)


def message(row):
    subject, text = TEXTS[row["kind"]]
    mail = email.message.EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = row["email"]
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{row['id']}.{row['kind']}@shop.example.com>"
    mail.set_content(text.format(**row))
    return mail
