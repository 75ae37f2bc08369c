"""The shop's own ledger: one SQLite file. Each thread has its connection."""
import contextlib
import sqlite3
import threading
import time

UNFINISHED = "state IN ('new', 'held', 'paying', 'paid', 'releasing', 'returning', 'refunding')"
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS purchases (
    id TEXT PRIMARY KEY,               -- also the idempotency key of the claim and of the charge
    event TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    email TEXT NOT NULL,
    amount INTEGER NOT NULL,           -- in cents
    state TEXT NOT NULL DEFAULT 'new',
    reason TEXT,                       -- why it was refused, released or refunded
    order_id TEXT UNIQUE,              -- of TicketBlitz
    expires_at TEXT,                   -- of the hold
    charge_id TEXT,                    -- of the provider
    version INTEGER NOT NULL DEFAULT 0,-- of the order, the highest that a webhook had
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,              -- when its next step may be tried
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS purchases_due ON purchases (due_at) WHERE {UNFINISHED};
CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, received_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY, purchase TEXT NOT NULL, kind TEXT NOT NULL, sent_at REAL, UNIQUE (purchase, kind)
);
"""

class Database:
    def __init__(self, path):
        self._path = str(path)
        self._local = threading.local()
        # SQLite has one writer; threads that wait for it sleep for up to 100 ms, and those that wait for this lock do not.
        self._writing = threading.Lock()
        with self.transaction() as connection:
            for statement in SCHEMA.split(";\n"):
                connection.execute(statement)

    @property
    def connection(self):
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # a key that is lost in a power cut is an order that is lost
            self._local.connection = connection
        return self._local.connection

    @contextlib.contextmanager
    def transaction(self):
        connection = self.connection
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def purchase(self, purchase_id):
        row = self.connection.execute("SELECT * FROM purchases WHERE id = ?", (purchase_id,)).fetchone()
        return dict(row) if row else None

    def purchase_of_order(self, order_id):
        row = self.connection.execute("SELECT * FROM purchases WHERE order_id = ?", (order_id,)).fetchone()
        return dict(row) if row else None

    def insert(self, purchase_id, event, quantity, email, amount, lease):
        """Returns False if there is this purchase already: a form that was sent twice. Its first step is the caller's."""
        now = time.time()
        with self.transaction() as connection:
            return connection.execute(
                "INSERT INTO purchases (id, event, quantity, email, amount, due_at, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (purchase_id, event, quantity, email, amount, now + lease, now)).rowcount == 1

    def move(self, purchase, state, mail=None, message=None, **fields):
        """Moves a purchase on from the state that it was read in. False if another thread has moved it before.

        A mail is queued in the same transaction, and the id of a webhook message is noted.
        """
        fields = {"state": state, "attempts": 0, "due_at": time.time(), **fields}
        assignments = ", ".join(f"{name} = :{name}" for name in fields)
        with self.transaction() as connection:
            if message is not None and not note(connection, message):
                return False
            moved = connection.execute(
                f"UPDATE purchases SET {assignments} WHERE id = :its_id AND state = :its_state",
                {**fields, "its_id": purchase["id"], "its_state": purchase["state"]}).rowcount == 1
            if moved and mail is not None:
                connection.execute(
                    "INSERT INTO mails (purchase, kind) VALUES (?, ?) ON CONFLICT DO NOTHING", (purchase["id"], mail))
            return moved

    def postpone(self, purchase, seconds):
        with self.transaction() as connection:
            connection.execute(
                "UPDATE purchases SET due_at = ?, attempts = attempts + 1 WHERE id = ? AND state = ?",
                (time.time() + seconds, purchase["id"], purchase["state"]))

    def lease_due(self, limit, seconds):
        """The unfinished purchases whose time has come. Nobody else gets them for some seconds."""
        now = time.time()
        with self.transaction() as connection:
            return [dict(row) for row in connection.execute(
                "UPDATE purchases SET due_at = ? WHERE id IN (SELECT id FROM purchases WHERE due_at <= ?"
                f" AND {UNFINISHED} ORDER BY due_at LIMIT ?) RETURNING *", (now + seconds, now, limit))]


def note(connection, message):
    """Notes that a message was received. False if it was received before."""
    return connection.execute(
        "INSERT INTO messages (id, received_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (message, time.time())).rowcount == 1
