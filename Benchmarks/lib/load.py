"""The load generators: wrk, and native/load.c, which is compiled when it is first needed."""
import json, pathlib, re, subprocess

from .processes import ROOT, STATE


def compiled(source, *options):
    """The path of a program or library that is compiled from Benchmarks/native, again if the source is newer."""
    source = ROOT / "Benchmarks/native" / source
    output = STATE / source.stem
    if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
        STATE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", *options, "-o", output, source, "-lm"], check=True)
    return output


def wrk(port, seconds, connections, script="buy.lua"):
    """Returns the number of responses with a status of 2xx or 3xx."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", ROOT / "Benchmarks/wrk" / script,
         f"http://127.0.0.1:{port}/buy"], check=True, capture_output=True, text=True).stdout
    answered = int(re.search(r"(\d+) requests in", output).group(1))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    return answered - (int(refused.group(1)) if refused else 0)


def command(port, **options):
    """The command line of load.c; native/load.c describes its options."""
    words = [str(compiled("load.c")), str(port)]
    for name, value in options.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


def load(port, **options):
    return json.loads(subprocess.run(command(port, **options), check=True, stdout=subprocess.PIPE, text=True).stdout)


def check(result, status):
    """Raises an error unless all requests were answered with the status."""
    wrong = {name: count for name, count in result["statuses"].items() if name != str(status)}
    for name in ("lost", "failed_connects", "unanswered", "unsent"):
        if result[name]:
            wrong[name] = result[name]
    if wrong or not result["answered"]:
        raise SystemExit(f"expected only responses with status {status}, got {result['statuses']}, {wrong}")
    return result


class Stepwise:
    """A run of load.c in steps: the connections are open, the requests are sent, the connections are closed."""
    def __init__(self, port, **options):
        self.process = subprocess.Popen(
            command(port, steps=True, **options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "open\n":
            raise SystemExit("the connections could not be opened")

    def send(self):
        self.next()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.next()
        self.process.wait()

    def next(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
