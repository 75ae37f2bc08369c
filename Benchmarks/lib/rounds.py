"""Options that the benchmarks share, the order of the rounds, and the report."""
import argparse, datetime, json, statistics

from . import machine
from .processes import STATE


def parser(doc, programs, rounds, seconds):
    result = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--rounds", type=int, default=rounds, help=f"rounds ({rounds})")
    result.add_argument("--seconds", type=int, default=seconds, help=f"seconds of each measurement ({seconds})")
    result.add_argument(
        "--programs", default=programs, type=lambda text: text.split(","),
        help=f"comma-separated, in the order of the report ({','.join(programs)}): ours, go, nginx-raw, nginx-group, or "
             "NAME=FOLDER for TicketBlitz with the API and the Worker of the folder")
    return result


def in_turn(names, rounds):
    """Every name once per round. Each round begins with the next name."""
    names = list(names)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            yield number + 1, name


def spread(values, digits=1):
    """The median, and the smallest and greatest value if there are several."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def report(metrics, results):
    """Prints the median, minimum and maximum of each metric, and the ratios of the first program to the others in the
    same round. `metrics` maps a key of the results to a label and a number of digits; `results` has a list for each
    program, with a dictionary for each round."""
    first, *others = results
    rows = [["median (minimum to maximum)", *(label for label, _ in metrics.values())]]
    for name, rounds in results.items():
        rows.append([name, *(spread([one[key] for one in rounds], digits) for key, (_, digits) in metrics.items())])
    for other in others:
        ratios = {key: ratio_by_round(results[first], results[other], key) for key in metrics}
        rows.append([f"{first} / {other}", *(spread(values, 2) if values else "" for values in ratios.values())])
    table(rows)


def ratio_by_round(these, those, key):
    """Empty if a round has no value to divide by."""
    if not all(one[key] for one in those):
        return []
    return [a[key] / b[key] for a, b in zip(these, those)]


def begin(title):
    """Prints the title and the machine's load. Returns the description of the machine."""
    found = machine.describe()
    print(f"== {title}")
    machine.print_load(found)
    return found


def save(name, found, options, results):
    """Writes .run/bench/NAME.json; with builds of several folders, .run/bench/NAME-versus.json."""
    STATE.mkdir(parents=True, exist_ok=True)
    name += "-versus" if any("=" in program for program in options.programs) else ""
    text = json.dumps({"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                       "machine": found, "options": vars(options), "results": results}, indent=1)
    (STATE / f"{name}.json").write_text(text + "\n")
    print(f"  written to .run/bench/{name}.json", flush=True)
