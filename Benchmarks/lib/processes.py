"""Starts processes on free ports in a temporary folder, and stops them at the end."""
import contextlib, http.client, os, pathlib, resource, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".run/bench"


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


def request(port, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {**headers, **({"Content-Type": "application/json"} if body else {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def raise_file_limit():
    """Raises the soft limit of open files to the hard limit, for this process and those that it starts."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


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

    @contextlib.contextmanager
    def stopped(self):
        """The process is stopped (SIGSTOP) inside the `with` statement, and continues (SIGCONT) after it."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def workplace():
    """A temporary folder. At the end, also after SIGTERM, all started processes are stopped and the folder is deleted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tb-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for process in reversed(Process.started):
            process.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)
