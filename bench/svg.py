"""Line charts as plain SVG: as much as the documentation needs, nothing more."""
import html
import math

COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#8d6a9f", "#b8860b", "#4a4e69", "#2a9d8f", "#9b2226")
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 40, 50


def ticks(low, high, log):
    """Round numbers from low to high."""
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10 ** power for power in range(first, last + 1)]
    step = 10 ** math.floor(math.log10(max(high - low, 1e-12)))
    while (high - low) / step < 4:
        step /= 2
    begin = math.floor(low / step)
    return [step * number for number in range(begin, math.ceil(high / step) + 1)]


def label(value):
    for unit, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= scale:
            return f"{value / scale:g}{unit}"
    return f"{value:g}"


class Axis:
    """From values to places."""

    def __init__(self, values, log, begin, end):
        self.log, self.begin, self.end = log, begin, end
        low, high = min(values), max(values)
        if not log:
            low = min(low, 0)
        self.ticks = ticks(low, high if high > low else low + 1, log)
        self.low, self.high = self.ticks[0], self.ticks[-1]

    def place(self, value):
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def chart(title, x_label, y_label, lines, log_x=True, log_y=True):
    """lines: {name: [(x, y), ...]}; the SVG as text."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    across = Axis(xs, log_x, LEFT, WIDTH - RIGHT)
    up = Axis(ys, log_y, HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="22" font-size="15">{html.escape(title)}</text>']
    for tick in across.ticks:
        x = across.place(tick)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" '
                   'stroke="#ddd"/>')
        out.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
                   f'{label(tick)}</text>')
    for tick in up.ticks:
        y = up.place(tick)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                   'stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label(tick)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    out.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">'
               f'{html.escape(x_label)}</text>')
    out.append(f'<text x="16" y="{(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" '
               f'transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2})">'
               f'{html.escape(y_label)}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{places}" fill="none" stroke="{colour}" '
                   'stroke-width="2"/>')
        for x, y in points:
            out.append(f'<circle cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="3" '
                       f'fill="{colour}"/>')
        y = TOP + 10 + 18 * number
        out.append(f'<rect x="{WIDTH - RIGHT + 12}" y="{y - 9}" width="10" height="10" '
                   f'fill="{colour}"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 28}" y="{y}">{html.escape(name)}</text>')
    return "\n".join(out + ["</svg>", ""])
