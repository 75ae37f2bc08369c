"""Shared by the benchmarks: starts servers and programs on free ports, and stops them at the end."""
import contextlib, http.client, os, pathlib, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


def sh(command, **options):
    return subprocess.run(["bash", "-c", command], check=True, cwd=ROOT, text=True, **options)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (OSError, subprocess.CalledProcessError, http.client.HTTPException):
            pass
        time.sleep(0.02)
    sys.exit(f"timeout: {what}")


def cpu_seconds(pid, children=False):
    """User and system seconds of a process; with `children`, also of its children, including ended ones."""
    def read(path):
        fields = pathlib.Path(path).read_text().rsplit(")", 1)[1].split()
        return int(fields[1]), [int(field) for field in fields[11:15]]
    _, own = read(f"/proc/{pid}/stat")
    total = sum(own) if children else sum(own[:2])
    if children:
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent, times = read(entry / "stat")
                except OSError:
                    continue
                if parent == pid:
                    total += sum(times[:2])
    return total / TICK


class Process:
    started = []

    def __init__(self, command, log, env=None, user=None):
        if user and os.getuid() == 0:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] + command
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=open(log, "ab"), stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})}, start_new_session=True)
        Process.started.append(self)
        self.pid = self.process.pid

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Postgres:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        data = folder / "postgres"
        data.mkdir()
        if os.getuid() == 0:
            shutil.chown(data, "postgres")
        as_user = "setpriv --reuid=postgres --regid=postgres --init-groups -- " if os.getuid() == 0 else ""
        sh(f"{as_user}{self.bin}/initdb -D {data} -U postgres --auth=trust -E UTF8 --locale=C >/dev/null")
        self.process = Process(
            [f"{self.bin}/postgres", "-D", str(data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
             "-c", "unix_socket_directories=", "-c", "checkpoint_timeout=1h", "-c", "max_wal_size=8GB"],
            folder / "postgres.log", user="postgres")
        wait_for("Postgres answers", lambda: self.query("SELECT 1", "postgres") == "1")

    def query(self, sql, database):
        return subprocess.run(
            [f"{self.bin}/psql", "-qAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-c", sql],
            check=True, capture_output=True, text=True).stdout.strip()

    def stop(self):
        self.process.stop(signal.SIGINT)


class Redis:
    def __init__(self, folder):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.process = Process(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"],
            self.folder / "redis.log")
        wait_for("Redis answers", lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() is None)

    def stop(self):
        self.process.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def request(port, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {**headers, **({"Content-Type": "application/json"} if body else {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


class Ours:
    name, table = "ours", "orders"

    def __init__(self, folder, redis, postgres, settings={}):
        self.port = free_port()
        postgres.query("DROP DATABASE IF EXISTS ours", "postgres")
        postgres.query("CREATE DATABASE ours", "postgres")
        env = {"REDIS_URL": f"redis://127.0.0.1:{redis.port}", "PORT": str(self.port), "DEMO": "true",
               "DATABASE_URL": f"postgres://postgres@127.0.0.1:{postgres.port}/ours", **settings}
        self.api = Process([str(ROOT / ".build/release/API")], folder / "api.log", env)
        self.worker = Process([str(ROOT / ".build/release/Worker")], folder / "worker.log", env)
        wait_for("the API is ready", lambda: request(self.port, "GET", "/readyz")[0] == 200)
        status, text = request(self.port, "POST", "/reset", '{"capacity":1000000000}')
        assert status == 200, text

    def stop(self):
        self.api.stop()
        self.worker.stop()


@contextlib.contextmanager
def workplace():
    """A temporary folder. At the end all started processes are stopped and the folder is deleted."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tb-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for process in reversed(Process.started):
            process.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def build():
    os.makedirs(ROOT / ".run", exist_ok=True)
    sh("source deploy/local/common.sh; install_missing; command -v wrk >/dev/null || apt-get install -y -qq wrk >/dev/null; "
       "build_release API Worker")
