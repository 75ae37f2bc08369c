"""Draws latency against load as SVG: for each program p50 as a line and p99 as a dashed line, on a logarithmic scale."""
import math, statistics

WIDTH, HEIGHT = 680, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 40, 50
COLOURS = ("#0060a8", "#c05000", "#00805c", "#8a4a9e")
NAMES = {"ours": "TicketBlitz", "go": "Go", "nginx-raw": "nginx", "nginx-group": "nginx, grouped"}


def draw(summaries):
    """`summaries` has for each program a list with `share`, and `p50` and `p99` as lists of milliseconds."""
    values = [statistics.median(one[point]) for summary in summaries.values() for one in summary for point in ("p50", "p99")]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values) * 1.01))

    def x(share):
        return LEFT + (WIDTH - LEFT - RIGHT) * share / 100

    def y(value):
        place = math.log10(max(value, low) / low) / math.log10(high / low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">Latency of POST /buy by load; solid p50, dashed p99</text>']
    for value in ticks(low, high):
        parts += [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#dddddd"/>',
                  f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g} ms</text>']
    for share in (0, 20, 50, 80, 95):
        parts += [f'<line x1="{x(share):.1f}" x2="{x(share):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eeeeee"/>',
                  f'<text x="{x(share):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{share} %</text>']
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">'
                 "load, of the program's own greatest rate</text>")
    for number, (name, summary) in enumerate(summaries.items()):
        colour, label = COLOURS[number % len(COLOURS)], NAMES.get(name, name)
        for point, dashes in ("p50", ""), ("p99", ' stroke-dasharray="6 4"'):
            places = [(x(one["share"]), y(statistics.median(one[point]))) for one in summary]
            line = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
            parts += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for across, down in places]
        top = TOP + 10 + 22 * number
        parts += [f'<line x1="{WIDTH - RIGHT + 14}" x2="{WIDTH - RIGHT + 38}" y1="{top}" y2="{top}" stroke="{colour}" '
                  'stroke-width="2"/>', f'<text x="{WIDTH - RIGHT + 44}" y="{top + 4}">{label}</text>']
    return "\n".join([*parts, "</svg>"]) + "\n"


def ticks(low, high):
    """1, 2 and 5 of each power of ten from `low` to `high`."""
    value = low
    while value < high * 1.001:
        yield from (tick for tick in (value, 2 * value, 5 * value) if tick <= high * 1.001)
        value *= 10
