"""The charges of the provider, in one SQLite file, and how each of them behaves."""
import hashlib
import sqlite3
import threading
import uuid

MANNERS = ("prompt", "slow", "lost", "hanging", "late", "eager")


def draw(key, purpose):
    """A number from 0 to 1 that depends on the key, so that a run can be repeated."""
    return int.from_bytes(hashlib.sha256(f"{purpose}:{key}".encode()).digest()[:6], "big") / 2 ** 48


def outcome(key, declined):
    return "declined" if draw(key, "outcome") < declined else "succeeded"


def manner(key):
    """How the provider answers. prompt: at once. slow: after a while. lost: the charge is made, and the answer is an error.
    hanging: there is no answer. late: `processing`, and a callback later. eager: the callback comes before the answer.
    """
    return MANNERS[int(draw(key, "manner") * len(MANNERS))]


class Charges:
    def __init__(self, path):
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS charges (id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL, amount INTEGER NOT NULL,"
            " callback TEXT NOT NULL, status TEXT NOT NULL, requests INTEGER NOT NULL DEFAULT 1)")

    def create(self, key, amount, callback, status):
        """The charge of the key, and whether it is new."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO charges (id, key, amount, callback, status) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET requests = requests + 1",
                (str(uuid.uuid4()), key, amount, callback, status))
            row = dict(self._connection.execute("SELECT * FROM charges WHERE key = ?", (key,)).fetchone())
        return row, row["requests"] == 1

    def settle(self, charge_id, status):
        """Gives a charge its outcome, once."""
        with self._lock:
            self._connection.execute(
                "UPDATE charges SET status = ? WHERE id = ? AND status = 'processing'", (status, charge_id))
        return self.find(charge_id)

    def refund(self, charge_id):
        with self._lock:
            self._connection.execute(
                "UPDATE charges SET status = 'refunded' WHERE id = ? AND status = 'succeeded'", (charge_id,))
        return self.find(charge_id)

    def find(self, charge_id):
        with self._lock:
            row = self._connection.execute("SELECT * FROM charges WHERE id = ?", (charge_id,)).fetchone()
        return dict(row) if row else None

    def unsettled(self):
        with self._lock:
            return [dict(row) for row in self._connection.execute("SELECT * FROM charges WHERE status = 'processing'")]

    def all(self):
        with self._lock:
            return [dict(row) for row in self._connection.execute("SELECT * FROM charges")]
