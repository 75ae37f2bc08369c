"""One sale: a new Redis, an empty database, and one program with its worker."""
import contextlib, time

from .machine import tree_cpu_seconds
from .processes import wait_for
from .servers import Observer, Redis

PARTS = ("api", "worker", "redis", "postgres")


class Sale:
    def __init__(self, program, redis, postgres):
        self.program, self.redis, self.port = program, redis, program.port
        self.observer = Observer(postgres, program.database)

    def cpu(self):
        """User and system seconds of each part."""
        pids = {"api": self.program.api.pid, "worker": self.program.worker.pid, "redis": self.redis.process.pid}
        return {**{part: tree_cpu_seconds(pid) for part, pid in pids.items()}, "postgres": self.observer.cpu_seconds()}

    def rows(self):
        """The number of orders in the ledger."""
        return self.observer.number(f"SELECT count(*) FROM {self.program.table}")

    def wait_for_rows(self, count):
        wait_for(f"the ledger has {count} orders", lambda: self.rows() >= count)

    @contextlib.contextmanager
    def account(self):
        """The dictionary of the `with` statement gets the CPU seconds of each part and the elapsed seconds at its end."""
        used, before, began = {}, self.cpu(), time.monotonic()
        yield used
        used["seconds"] = time.monotonic() - began
        used.update({part: seconds - before[part] for part, seconds in self.cpu().items()})


def per_order(used, count):
    """CPU in microseconds per order or request, of each part and of all."""
    result = {part: used[part] / count * 1e6 for part in PARTS}
    return {**result, "all": sum(result.values())}


@contextlib.contextmanager
def sale(kind, folder, postgres, **options):
    """Starts a program, and stops it at the end. `options` are arguments of the program's class."""
    with contextlib.ExitStack() as stack:
        redis = Redis(folder)
        stack.callback(redis.stop)
        program = kind(folder, redis, postgres, **options)
        stack.callback(program.stop)
        running = Sale(program, redis, postgres)
        stack.callback(running.observer.close)
        yield running
