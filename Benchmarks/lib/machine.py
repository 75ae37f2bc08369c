"""Reads CPU time and memory of processes, and the load of the machine."""
import os, pathlib, time

TICK = os.sysconf("SC_CLK_TCK")
CPU_CLOCK = 2  # CPUCLOCK_SCHED of the kernel: the time that all threads of a process have run, in nanoseconds


def cpu_seconds(pid):
    """User and system seconds of a process, including its ended threads, without its children."""
    return time.clock_gettime(~pid << 3 | CPU_CLOCK)


def stat(pid):
    """The fields of /proc/PID/stat from the parent's id on."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1:]


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(stat(entry.name)[0]) == pid:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def tree_cpu_seconds(pid, without=None):
    """User and system seconds of a process and its children, including children that have ended. `without` is the
    process ID of a child that is not counted."""
    ended = sum(int(field) for field in stat(pid)[12:14]) / TICK
    total = cpu_seconds(pid) + ended
    for child in children(pid):
        if child != without:
            try:
                total += cpu_seconds(child)
            except OSError:
                continue
    return total


def memory_kb(pid):
    """Resident memory of a process and its children, in KB."""
    total = 0
    for process in [pid, *children(pid)]:
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
        total += next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
    return total


def describe():
    """The processor, the load averages, and what other processes used of the CPUs in one second."""
    def times():
        return [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    before = times()
    time.sleep(1)
    used = [after - earlier for earlier, after in zip(before, times())]
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "CPU")
    return {"cpus": os.cpu_count(), "model": model, "load": [round(load, 2) for load in os.getloadavg()],
            "busy_percent": round(100 * (1 - (used[3] + used[4]) / sum(used)), 1),
            "steal_percent": round(100 * used[7] / sum(used), 1)}


def print_load(machine):
    print(f"{machine['cpus']} x {machine['model']}; load average before: {' '.join(map(str, machine['load']))}; "
          f"in the last second {machine['busy_percent']} % of the CPUs busy, {machine['steal_percent']} % stolen", flush=True)
