"""A picture of a comparison: horizontal bars on a logarithmic scale, as SVG by hand. Its text is text; it is readable in light and in dark."""

import math
import statistics
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 960, 290, 110
BAR, GAP, GROUP_GAP = 16, 3, 14
TOP, BOTTOM = 84, 40

# Colours that differ in lightness too: for light, for dark.
COLOURS = {"motet": ("#0b6e4f", "#3ddc97"), "relay": ("#9aa5b1", "#6b7785"), "prosody": ("#1f5fbf", "#6ea8fe"),
           "ejabberd": ("#c2410c", "#fb923c")}


def style():
    light = "".join(f".{name}{{fill:{colours[0]}}}" for name, colours in COLOURS.items())
    dark = "".join(f".{name}{{fill:{colours[1]}}}" for name, colours in COLOURS.items())
    return (f"<style>svg{{background:#fff}}text{{font:13px system-ui,sans-serif;fill:#1b1f24}}.title{{font-size:18px;font-weight:600}}"
            f".small{{font-size:11px;fill:#57606a}}.grid{{stroke:#d0d7de}}.spread{{stroke:#1b1f24;stroke-width:1.5}}{light}"
            f"@media (prefers-color-scheme:dark){{svg{{background:#0d1117}}text{{fill:#e6edf3}}.small{{fill:#9198a1}}.grid{{stroke:#30363d}}"
            f".spread{{stroke:#e6edf3}}{dark}}}</style>")


def label(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Scale:
    """From values to places, by powers of ten that hold them all."""

    def __init__(self, values):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)

    def x(self, value):
        return LEFT + (math.log10(value) - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def legend(names):
    parts, x = [], LEFT
    for name, title in names.items():
        parts.append(f'<rect class="{name}" x="{x}" y="44" width="12" height="12"/><text x="{x + 18}" y="55">{escape(title)}</text>')
        x += 34 + 8 * len(title)
    return "".join(parts)


def bar(name, values, y, scale):
    middle, least, most = statistics.median(values), min(values), max(values)
    end, centre = scale.x(middle), y + BAR / 2
    parts = [f'<rect class="{name}" x="{LEFT}" y="{y}" width="{max(end - LEFT, 1):.1f}" height="{BAR}"/>']
    if most > least:
        parts.append(f'<path class="spread" fill="none" d="M{scale.x(least):.1f} {centre}H{scale.x(most):.1f}'
                     f'M{scale.x(least):.1f} {centre - 4}v8M{scale.x(most):.1f} {centre - 4}v8"/>')
    parts.append(f'<text x="{max(end, scale.x(most)) + 6:.1f}" y="{y + 13}">{label(middle)}</text>')
    return "".join(parts)


def axis(scale, bottom, unit):
    parts = []
    for tick in scale.ticks():
        x = scale.x(tick)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP - 8}V{bottom}"/>'
                     f'<text class="small" text-anchor="middle" x="{x:.1f}" y="{bottom + 16}">{tick:,g}</text>')
    parts.append(f'<text class="small" x="{LEFT}" y="{bottom + 33}">{escape(unit)}; thin lines: least and greatest of the runs</text>')
    return "".join(parts)


def bars(title, unit, groups, names):
    """groups: [(title, [(server, values)])], at least one of each, with values above 0; names: the servers' titles"""
    scale = Scale([value for _, entries in groups for _, values in entries for value in values])
    parts, y = [], TOP
    for text, entries in groups:
        height = len(entries) * (BAR + GAP)
        parts.append(f'<text text-anchor="end" x="{LEFT - 12}" y="{y + height / 2 + 3}">{escape(text)}</text>')
        for name, values in entries:
            parts.append(bar(name, values, y, scale))
            y += BAR + GAP
        y += GROUP_GAP
    bottom = y - GROUP_GAP + 6
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + BOTTOM}" role="img" aria-labelledby="title">'
            f'<title id="title">{escape(title)}, {escape(unit)}</title>{style()}'
            f'<text class="title" x="12" y="28">{escape(title)}</text>{legend(names)}{axis(scale, bottom, unit)}{"".join(parts)}</svg>\n')
