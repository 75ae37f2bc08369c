"""PostgreSQL and Redis, with private data."""
import pathlib, shutil, signal, socket, subprocess, os, tempfile

from .machine import tree_cpu_seconds
from .processes import Process, free_port, sh, wait_for


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

    def psql(self, database):
        return [f"{self.bin}/psql", "-qAtX", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]

    def query(self, sql, database):
        return subprocess.run(
            [*self.psql(database), "-c", sql], check=True, capture_output=True, text=True).stdout.strip()

    def create(self, database):
        """Creates an empty database; an existing one is deleted."""
        self.query(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", "postgres")
        self.query(f"CREATE DATABASE {database}", "postgres")

    def stop(self):
        self.process.stop(signal.SIGINT)


class Observer:
    """One connection to PostgreSQL that counts rows. The CPU time of its backend can be excluded from the server's."""
    def __init__(self, postgres, database):
        self.postgres = postgres
        self.process = subprocess.Popen(
            postgres.psql(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.process.stdin.write("SET max_parallel_workers_per_gather = 0;\n")
        self.backend = self.number("SELECT pg_backend_pid()")

    def number(self, sql):
        """The result of a query that returns one integer."""
        self.process.stdin.write(sql + ";\n")
        return int(self.process.stdout.readline())

    def cpu_seconds(self):
        """User and system seconds of the server without this connection."""
        return tree_cpu_seconds(self.postgres.process.pid, without=self.backend)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Redis:
    def __init__(self, folder, *options):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.process = Process(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", *options],
            self.folder / "redis.log")
        wait_for("Redis answers", lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() is None)

    def stop(self):
        self.process.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
