"""A receiver of webhooks, in a process of its own. It notes when each message arrives, and fails as its path says."""
import asyncio, collections, datetime, json, pathlib, re, subprocess, sys, time

from .processes import free_port, raise_file_limit

CLAIMED = re.compile(rb'"claimed_at":"([^"]+)"')
ID = re.compile(rb"webhook-id: *([0-9a-f-]{36})", re.IGNORECASE)
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
ANSWERS = {"/500": b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n",
           "/429": b"HTTP/1.1 429 x\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n"}
FINE = b"HTTP/1.1 204 x\r\n\r\n"

arrivals, counts, ids = [], collections.Counter(), collections.defaultdict(set)


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            length = int(LENGTH.search(head)[1])
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4:end + 4 + length], self.buffer[end + 4 + length:]
            path = head.split(b" ", 2)[1].decode()
            counts[path] += 1
            if path == "/reset":
                return self.transport.abort()
            if path == "/hang":
                return
            if path not in ANSWERS:
                ids[path].add(ID.search(head)[1])
                arrivals.append((time.time(), body))
            self.transport.write(ANSWERS.get(path, FINE))


def milliseconds():
    """From the purchase, by the clock of Redis on this machine, to the arrival of its message."""
    found = []
    for arrived, body in arrivals:
        if claimed := CLAIMED.search(body):
            at = datetime.datetime.fromisoformat(claimed[1].decode().replace("Z", "+00:00")).timestamp()
            found.append((arrived - at) * 1000)
    arrivals.clear()
    return found


ANSWER = {"counts": lambda: counts, "waiting": lambda: len(arrivals), "latencies": milliseconds,
          "distinct": lambda: {path: len(known) for path, known in ids.items()}}


async def serve(port):
    raise_file_limit()
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=1000)
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        print(json.dumps(ANSWER[line]()), flush=True)
    server.close()


def receive(port):
    asyncio.run(serve(port))


class Receiver:
    """Starts a receiver, and ends it with the `with` statement."""
    def __init__(self, port=None):
        self.port = port or free_port()
        script = pathlib.Path(sys.argv[0]).resolve()
        self.process = subprocess.Popen(
            [sys.executable, script, "--receive", str(self.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def url(self, path="/ok"):
        return f"http://127.0.0.1:{self.port}{path}"

    def __getattr__(self, name):
        def ask():
            self.process.stdin.write(name + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        if name not in ANSWER:
            raise AttributeError(name)
        return ask

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
