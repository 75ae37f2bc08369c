"""The sale of Benchmarks/recovery: servers and programs, orders that are inserted directly into the ledger, and the
verification that Redis and the API agree with the ledger afterwards."""
import functools, http.client, json, pathlib, socket, time

from lib.processes import Process, free_port, request, wait_for
from lib.programs import binaries
from lib.servers import Postgres, Redis

PROGRAMS = ("API", "Worker")
LIMIT = 4


class RedisError(Exception):
    """An error reply of Redis, for example LOADING."""


class RedisConnection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, *arguments):
        parts = [str(argument).encode() for argument in arguments]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self.read()

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("Redis ended the connection")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RedisError(rest)
        if kind == b"$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def hash(self, key):
        values = self.send("HGETALL", key)
        return dict(zip(values[::2], values[1::2]))

    def usage(self):
        """The number of calls of each command, including those by scripts, and the CPU seconds of the process."""
        calls = {}
        for line in self.send("INFO", "commandstats").splitlines():
            if line.startswith("cmdstat_"):
                name, fields = line.removeprefix("cmdstat_").split(":", 1)
                calls[name] = int(fields.split(",", 1)[0].removeprefix("calls="))
        cpu = dict(line.split(":", 1) for line in self.send("INFO", "cpu").splitlines() if ":" in line)
        return calls, float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])


class KeptRedis(Redis):
    """A Redis that can be started again with its data."""
    def start(self):
        self.process = Process(self.process.process.args, self.folder / "redis.log")
        wait_for("Redis has loaded its data", self.answers, 300)

    def answers(self):
        try:
            return RedisConnection(self.port).send("PING") == "PONG"
        except RedisError:
            return False

    def shut_down(self):
        try:
            RedisConnection(self.port).send("SHUTDOWN")
        except ConnectionError:
            pass
        self.process.process.wait(60)


class Sale:
    """An API and a worker with their own servers. Each can be started again."""
    def __init__(self, folder):
        self.folder, self.redis, self.postgres, self.port = folder, KeptRedis(folder), Postgres(folder), free_port()
        self.postgres.query("CREATE DATABASE recovery", "postgres")
        self.query = functools.partial(self.postgres.query, database="recovery")
        self.bin = binaries()
        self.env = {"REDIS_URL": f"redis://127.0.0.1:{self.redis.port}", "PORT": str(self.port), "ADMIN_TOKEN": "bench",
                    "DATABASE_URL": f"postgres://postgres@127.0.0.1:{self.postgres.port}/recovery"}
        self.programs = {}
        for name in PROGRAMS:
            self.start(name)
        wait_for("the API is ready", lambda: request(self.port, "GET", "/readyz")[0] == 200)

    def start(self, name):
        self.programs[name] = Process([str(self.bin / name)], self.log(name), self.env)

    def log(self, name):
        return self.folder / f"{name.lower()}.log"

    def put(self, event, capacity):
        body = {"capacity": capacity, "per_customer_limit": LIMIT, "hold_seconds": 3600}
        status, text = request(self.port, "PUT", f"/events/{event}", json.dumps(body), {"Authorization": "Bearer bench"})
        assert status == 201, text

    def memory(self, name):
        """Resident memory in MB."""
        lines = pathlib.Path(f"/proc/{self.programs[name].pid}/status").read_text().splitlines()
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0)


def event_names(count):
    return [f"sale-{number}" for number in range(count)]


def key_hash(query, message):
    """The SQL of the hash that the API makes of a message: HMAC-SHA-256 with the installation's secret. Releases before
    migration 7 hash without a secret."""
    secret = query("SELECT to_regclass('installation')") and query(
        "SELECT value FROM installation WHERE name = 'id_secret'")
    if not secret:
        return f"sha256({message})"
    key = bytes.fromhex(secret).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in key).hex() for pad in (0x36, 0x5c))
    return rf"sha256('\x{outer}'::bytea || sha256('\x{inner}'::bytea || {message}))"


def fill_ledger(query, orders, holds, events, seed):
    """Inserts the orders and sets the events' counters to match.

    Every fifth order of an event is of the same customer as the order before it, and reaches the customer's limit. The
    latest orders are held. One order in ten has an idempotency key: `key-` and the customer's name.
    """
    message = r"""convert_to(event, 'UTF8') || '\x00' || convert_to(customer, 'UTF8') || '\x00'
                || convert_to('key-' || customer, 'UTF8')"""
    query(f"""
        WITH numbered AS (
            SELECT n, 'sale-' || n % {events} AS event, n / {events} AS place, n >= {orders - holds} AS is_held,
                floor(extract(epoch FROM now()) * 1000)::bigint - 3000000 + n::bigint * 3000000 / {orders} AS claimed_ms
            FROM generate_series(0, {orders - 1}) AS n
        ), described AS (
            SELECT *, 'c' || n - CASE WHEN place % 5 = 4 THEN {events} ELSE 0 END AS customer,
                CASE WHEN place % 5 >= 3 THEN 2 ELSE 1 END AS quantity, to_timestamp(claimed_ms / 1000.0) AS claimed
            FROM numbered
        ), hashed AS (
            SELECT *, CASE WHEN place % 10 = 0 THEN substring({key_hash(query, message)} FROM 1 FOR 8) END AS key_hash
            FROM described
        )
        INSERT INTO orders (id, event_id, customer, quantity, status, version, previous_status, claimed_at, confirmed_at,
            expires_at, updated_at)
        SELECT (lpad(to_hex(claimed_ms), 12, '0') || '7000' || CASE
                WHEN key_hash IS NULL THEN substr('89', n % 2 + 1, 1) || substr(md5('{seed} ' || n), 1, 15)
                ELSE encode(set_byte(key_hash, 0, (get_byte(key_hash, 0) & 31) | 160), 'hex') END)::uuid,
            event, customer, quantity, CASE WHEN is_held THEN 'held' ELSE 'confirmed' END,
            CASE WHEN is_held THEN 1 ELSE 2 END, CASE WHEN NOT is_held THEN 'held' END, claimed,
            CASE WHEN NOT is_held THEN claimed + interval '1 s' END,
            CASE WHEN is_held THEN now() + interval '1 h' + n % 60000 * interval '1 ms' ELSE claimed + interval '1 h' END,
            claimed
        FROM hashed""")
    query("""
        UPDATE events SET sold = sums.sold, held = sums.held, updated_at = now()
        FROM (SELECT event_id, coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0) AS sold,
            coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held FROM orders GROUP BY event_id) AS sums
        WHERE id = event_id""")
    query("ANALYZE orders")


def add_old_events(query, count):
    query(f"""
        INSERT INTO events (id, name, capacity, max_quantity, closes_at, created_at, updated_at, sold, generation,
            published_generation)
        SELECT 'old-' || n, 'Old ' || n, 1000, 10, now() - interval '1 month', now() - interval '3 months',
            now() - interval '2 months', 0, 1, 1
        FROM generate_series(1, {count}) AS n""")
    # Releases before migration 4 have no such column.
    if query("SELECT attname FROM pg_attribute WHERE attrelid = 'events'::regclass AND attname = 'unpublished'"):
        query("UPDATE events SET unpublished = false WHERE id LIKE 'old-%'")
    query("VACUUM ANALYZE events")


class Verification:
    """Compares the API's responses and Redis with the ledger, without load."""
    def __init__(self, port, redis, query):
        self.redis, self.query, self.wrong = redis, query, []
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def run(self, events):
        self.replays()
        self.limits()
        self.drained()
        for event in events:
            self.counters(event)
            self.customers(event)
            self.holds(event)
        return self.wrong

    def complain(self, what, found):
        """Adds one line for all failures of one kind, with the first as an example."""
        if found:
            self.wrong.append(f"{what}: {len(found)}, the first {found[0]}")

    def rows(self, sql):
        return [line.split("|") for line in self.query(sql).splitlines()]

    def buy(self, event, customer, quantity, headers={}):
        """A purchase, which is repeated for up to 30 s if the response is 503 or the connection has failed."""
        body = json.dumps({"event": event, "customer": customer, "quantity": quantity})
        end = time.monotonic() + 30
        while True:
            try:
                self.http.request("POST", "/buy", body, {"Content-Type": "application/json", **headers})
                answer = self.http.getresponse()
                text = answer.read().decode()
                if answer.status != 503 or time.monotonic() > end:
                    return answer, json.loads(text)
            except (OSError, http.client.HTTPException):
                self.http.close()
                if time.monotonic() > end:
                    raise
            time.sleep(0.1)

    def replays(self):
        """Repeats purchases with a key: the response must be the first order."""
        wrong = []
        rows = self.rows("SELECT id, event_id, customer, quantity FROM orders "
                         "WHERE get_byte(uuid_send(id), 8) & 32 <> 0 ORDER BY md5(id::text) LIMIT 1000")
        for id, event, customer, quantity in rows:
            answer, body = self.buy(event, customer, int(quantity), {"Idempotency-Key": f"key-{customer}"})
            if (answer.status, body.get("ticket_id"), answer.getheader("Idempotent-Replayed")) != (202, id, "true"):
                wrong.append(f"{id} of {customer}, answered {answer.status} {body}")
        self.complain(f"orders of {len(rows)} that were not answered with the first order", wrong)

    def limits(self):
        """Customers at the limit buy one more ticket: they must be refused."""
        wrong = []
        rows = self.rows(f"""SELECT event_id, customer FROM orders WHERE status IN ('held', 'confirmed')
            GROUP BY event_id, customer HAVING sum(quantity) = {LIMIT} ORDER BY md5(customer) LIMIT 200""")
        for event, customer in rows:
            answer, body = self.buy(event, customer, 1)
            if (answer.status, body.get("code")) != (409, "customer-limit"):
                wrong.append(f"{customer}, answered {answer.status} {body}")
        self.complain(f"customers of {len(rows)} at the limit that were not refused", wrong)

    def drained(self):
        """Waits until the ledger has all orders."""
        end = time.monotonic() + 60
        while self.redis.send("LLEN", "tb:{0}:queue") or self.redis.send("ZCARD", "tb:{0}:leases"):
            if time.monotonic() > end:
                return self.wrong.append("orders are still queued or leased after 60 s")
            time.sleep(0.05)
        if self.redis.send("EXISTS", "tb:{0}:dead"):
            self.wrong.append("there are dead letters")

    def counters(self, event):
        row = self.rows(f"SELECT capacity, sold, held, capacity - sold - held FROM events WHERE id = '{event}'")[0]
        expected = dict(zip(("capacity", "sold", "held", "stock"), row), pending="0")
        found = self.redis.hash(f"tb:{{0}}:event:{event}")
        wrong = [f"{name} {found.get(name)} instead of {value}" for name, value in expected.items()
                 if found.get(name) != value]
        if wrong:
            self.wrong.append(f"{event} in Redis: {', '.join(wrong)}")
        sums = self.rows(f"""SELECT coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0),
            coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) FROM orders WHERE event_id = '{event}'""")[0]
        if sums != row[1:3]:
            self.wrong.append(f"{event} in the ledger: sold and held are {row[1:3]}, by its orders {sums}")

    def customers(self, event):
        expected = dict(self.rows(f"""SELECT customer, sum(quantity) FROM orders
            WHERE event_id = '{event}' AND status IN ('held', 'confirmed') AND customer IS NOT NULL GROUP BY customer"""))
        found = self.redis.hash(f"tb:{{0}}:customers:{event}")
        wrong = [f"{name}, {found.get(name)} units instead of {expected.get(name)}"
                 for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
        self.complain(f"customers of {event} with different units ({len(found)} in Redis, {len(expected)} in the ledger)",
                      wrong)

    def holds(self, event):
        members = self.redis.send("ZRANGE", f"tb:{{0}}:holds:{event}", 0, -1)
        found = [id for member in members for id in member.split(",")]
        rows = self.rows(f"SELECT id FROM orders WHERE event_id = '{event}' AND status = 'held'")
        expected = {row[0] for row in rows}
        self.complain(f"holds of {event} that only one store has ({len(found)} in Redis, {len(expected)} in the ledger)",
                      sorted(expected ^ set(found)))
        if len(found) != len(set(found)):
            self.wrong.append(f"holds of {event} occur twice in Redis: {len(found) - len(set(found))}")
