"""The programs that are measured: TicketBlitz, and the peers that implement the same service."""
import functools, os, pathlib, re, shutil, sys

from . import peers
from .processes import Process, ROOT, free_port, request, sh, wait_for

PLENTY = 1_000_000_000


def binaries():
    """The folder of the API and the Worker."""
    return pathlib.Path(os.environ.get("TICKETBLITZ_BIN") or ROOT / ".build/release")


def build(is_needed=True):
    """Installs what is missing. Builds the programs if they are needed, unless TICKETBLITZ_BIN names their folder."""
    (ROOT / ".run").mkdir(exist_ok=True)
    builds = "build_programs API Worker" if is_needed and not os.environ.get("TICKETBLITZ_BIN") else ""
    sh("source deploy/local/common.sh; install_missing; "
       f"command -v wrk >/dev/null || apt-get install -y -qq wrk >/dev/null; {builds}")


class Ours:
    database, table = "ours", "orders"

    def __init__(self, folder, redis, postgres, settings={}, stock=PLENTY, programs=None):
        self.port = free_port()
        postgres.create(self.database)
        programs = pathlib.Path(programs) if programs else binaries()
        env = {"REDIS_URL": f"redis://127.0.0.1:{redis.port}", "PORT": str(self.port), "DEMO": "true",
               "DATABASE_URL": f"postgres://postgres@127.0.0.1:{postgres.port}/{self.database}", **settings}
        self.api = Process([str(programs / "API")], folder / "api.log", env)
        self.worker = Process([str(programs / "Worker")], folder / "worker.log", env)
        wait_for("the API is ready", lambda: request(self.port, "GET", "/readyz")[0] == 200)
        status, text = request(self.port, "POST", "/reset", f'{{"capacity":{stock}}}')
        assert status == 200, text

    def stop(self):
        self.api.stop()
        self.worker.stop()


class Peer:
    """A peer and its worker. `settings` are of TicketBlitz and are ignored."""
    database, table = "peer", "peer_orders"

    def __init__(self, folder, redis, postgres, settings={}, stock=PLENTY):
        self.port = free_port()
        postgres.create(self.database)
        self.env = {"REDIS": f"127.0.0.1:{redis.port}", "PORT": str(self.port), "STOCK": str(stock),
                    "DATABASE": f"postgres://postgres@127.0.0.1:{postgres.port}/{self.database}?sslmode=disable"}
        self.api = self.start(folder)
        wait_for("the peer is ready", lambda: request(self.port, "POST", "/reset")[0] == 200)
        self.worker = Process([str(peers.GO), "worker"], folder / "peer-worker.log", self.env)

    def stop(self):
        self.api.stop()
        self.worker.stop()


class Go(Peer):
    def start(self, folder):
        return Process([str(peers.GO), "api"], folder / "peer-api.log", self.env)


class Nginx(Peer):
    client = None

    def start(self, folder):
        settings = {"CLIENT": self.client, "WORKERS": "1", "EXEC": "1"}
        return Process([str(peers.FOLDER / "nginx/run")], folder / "nginx.log", {**self.env, **settings})

    def stop(self):
        # nginx runs in a folder of its own, which its command line names.
        command = pathlib.Path(f"/proc/{self.api.pid}/cmdline").read_bytes().decode(errors="replace")
        super().stop()
        if found := re.search(r"/tmp/nginx-peer\.\w+", command):
            shutil.rmtree(found[0], ignore_errors=True)


class NginxRaw(Nginx):
    client = "raw"


class NginxGroup(Nginx):
    client = "group"


PROGRAMS = {"ours": Ours, "go": Go, "nginx-raw": NginxRaw, "nginx-group": NginxGroup}


def prepare(names):
    """Builds or installs the named programs. Returns for each name how to start it; the peers that this machine does not
    have are left out. A name of the form NAME=FOLDER is TicketBlitz with the binaries of the folder."""
    kinds = {}
    for name in names:
        label, _, folder = name.partition("=")
        if not folder and label not in PROGRAMS:
            sys.exit(f"there is no program {label}; there are {', '.join(PROGRAMS)}, and NAME=FOLDER")
        kinds[label] = functools.partial(Ours, programs=folder) if folder else PROGRAMS[label]
    build(is_needed=Ours in kinds.values())
    wanted = [name for name in kinds if kinds[name] in PROGRAMS.values() and kinds[name] is not Ours]
    if wanted and not peers.prepare(with_nginx=wanted != ["go"]):
        print(f"no peers in {peers.FOLDER}: only TicketBlitz is measured")
        kinds = {name: kind for name, kind in kinds.items() if name not in wanted}
    return kinds
