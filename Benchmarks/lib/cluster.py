"""A Redis Cluster with private data."""
import re, signal, subprocess

from .processes import free_port, wait_for
from .servers import Redis

SLOTS = 16384


class Cluster:
    def __init__(self, folder, primaries, replicas=0, node_timeout=2000):
        self.nodes = []
        try:
            for _ in range(primaries * (1 + replicas)):
                self.nodes.append(Redis(
                    folder, "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--cluster-node-timeout",
                    str(node_timeout), "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0"))
            self.form(primaries, replicas)
        except BaseException:
            self.stop()
            raise

    def form(self, primaries, replicas):
        for number, node in enumerate(self.nodes):
            if number < primaries:
                first, last = SLOTS * number // primaries, SLOTS * (number + 1) // primaries - 1
                cli(node, "CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
            cli(node, "CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        for node in self.nodes[1:]:
            bus = cli(node, "CONFIG", "GET", "cluster-port").split()[-1]
            cli(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", str(node.port), bus)
        for node in self.nodes:
            wait_for("the nodes know each other", lambda: "cluster_state:ok" in (info := cli(node, "CLUSTER", "INFO"))
                     and f"cluster_known_nodes:{len(self.nodes)}" in info)
        for number, node in enumerate(self.nodes[primaries:]):
            primary = cli(self.nodes[number % primaries], "CLUSTER", "MYID")
            wait_for("the replica has a primary", lambda: cli(node, "CLUSTER", "REPLICATE", primary) == "OK")
            wait_for("the replica has the data",
                     lambda: "master_link_status:up" in cli(node, "INFO", "replication"))
        for node in self.nodes:
            wait_for("all nodes know the replicas",
                     lambda: cli(node, "CLUSTER", "NODES").count("slave ") == primaries * replicas)

    @property
    def url(self):
        # One host alone would be a server that is not in a cluster.
        nodes = self.nodes if len(self.nodes) > 1 else self.nodes * 2
        return "redis://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)

    def owner_of(self, key):
        """The primary that has a key, and its replicas."""
        slot = cli(self.nodes[0], "CLUSTER", "KEYSLOT", key)
        living = next(node for node in self.nodes if node.process.process.poll() is None)
        for line in cli(living, "CLUSTER", "NODES").splitlines():
            fields = line.split()
            for part in fields[8:]:
                if found := re.fullmatch(r"(\d+)(?:-(\d+))?", part):
                    if int(found[1]) <= int(slot) <= int(found[2] or found[1]):
                        ports = {int(entry.split()[1].split("@")[0].split(":")[1])
                                 for entry in cli(living, "CLUSTER", "NODES").splitlines()
                                 if fields[0] in (entry.split()[0], entry.split()[3])}
                        primary = int(fields[1].split("@")[0].split(":")[1])
                        return (next(node for node in self.nodes if node.port == primary),
                                [node for node in self.nodes if node.port in ports and node.port != primary])
        raise LookupError(f"no node has the slot of {key}")

    def stop(self):
        for node in self.nodes:
            node.process.process.send_signal(signal.SIGCONT)
            node.stop()


def cli(node, *words):
    return subprocess.run(["redis-cli", "-p", str(node.port), *words], check=True, capture_output=True, text=True,
                          timeout=20).stdout.strip()
