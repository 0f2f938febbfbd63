"""Grouped horizontal bars with whiskers, as SVG text; light and dark come from the reader's system.

A bar begins at 1 ("as sluice") and the axis is logarithmic, so that three times as much and a third
are equally long. Widths are measured in letters, because nothing here can measure a font.
"""

import math
from xml.sax.saxutils import escape

WIDTH = 960
LABELS = 104       # the servers' names
GAP = 16           # between the panels
FIGURES = 118      # the text behind the bars
ROW = 16
GROUP_HEAD = 24
GROUP_GAP = 12
TOP = 66
BOTTOM = 12
# The first of two that are too close stays.
TICKS = (1, 10, 0.1, 100, 0.01, 1000, 0.001, 10000, 2, 0.5, 5, 0.2, 20, 0.05, 50)
TICK_DISTANCE = 30

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.group { font-weight: 600; }
.quiet { fill: #59636e; font-size: 11px; }
.grid { stroke: #d1d9e0; }
.one { stroke: #59636e; }
.whisker { stroke: #1f2328; }
.sluice { fill: #0969da; } .floor { fill: #8c959f; } .peer { fill: #bc6c00; }
.ahead { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
 text { fill: #f0f6fc; } .quiet { fill: #9198a1; } .grid { stroke: #3d444d; }
 .one { stroke: #9198a1; }
 .whisker { stroke: #f0f6fc; }
 .sluice { fill: #4493f8; } .floor { fill: #656c76; } .peer { fill: #d29922; }
 .ahead { fill: #3fb950; }
}
"""


LEGEND = (("sluice", "sluice"), ("floor", "bare loop"), ("peer", "others"),
          ("ahead", "others, better than sluice"))


class Bar:
    """`ratio`: a figures.Spread, or None with `text` saying why. `kind`: a class of STYLE."""

    def __init__(self, label, kind, ratio, text):
        self.label, self.kind, self.ratio, self.text = label, kind, ratio, text


class Panel:
    """One figure of all groups: the same groups and labels in each panel of a plot."""

    def __init__(self, title, groups):
        self.title, self.groups = title, groups  # groups: [(name, [Bar])]


class Axis:
    """Logarithmic, at least from a half to two, so that noise does not look like a difference."""

    def __init__(self, panel, left, width):
        spreads = [bar.ratio for _, bars in panel.groups for bar in bars
                   if bar.ratio is not None and bar.ratio.low > 0]
        self.low = min([0.5] + [each.low for each in spreads]) / 1.05
        self.high = max([2.0] + [each.high for each in spreads]) * 1.05
        self.left, self.width = left, width

    def x(self, figure):
        share = math.log(max(figure, self.low) / self.low) / math.log(self.high / self.low)
        return self.left + share * self.width

    def ticks(self):
        kept = []
        for tick in TICKS:
            if self.low <= tick <= self.high and \
                    all(abs(self.x(tick) - self.x(other)) >= TICK_DISTANCE for other in kept):
                kept.append(tick)
        return sorted(kept)


def line(css, x1, y1, x2, y2):
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(css, x, y, content, anchor="start"):
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">' \
           f'{escape(content)}</text>'


def draw_bar(axis, bar, y, end):
    parts = []
    if bar.ratio is not None:
        one, mid = axis.x(1), axis.x(bar.ratio.mid)
        left, width = min(one, mid), max(abs(mid - one), 1)
        parts.append(f'<rect class="{bar.kind}" x="{left:.1f}" y="{y + 3:.1f}" '
                     f'width="{width:.1f}" height="{ROW - 6}" rx="1"/>')
        low, high, middle = axis.x(bar.ratio.low), axis.x(bar.ratio.high), y + ROW / 2
        parts.append(line("whisker", low, middle, high, middle))
        parts += [line("whisker", x, middle - 3, x, middle + 3) for x in (low, high)]
    parts.append(text("quiet", end + 6, y + ROW - 4, bar.text))
    return parts


def draw_panel(panel, left, width, height):
    axis = Axis(panel, left, width - FIGURES)
    parts = [text("group", left, 44, panel.title)]
    for tick in axis.ticks():
        x = axis.x(tick)
        parts.append(line("one" if tick == 1 else "grid", x, TOP, x, height - BOTTOM))
        parts.append(text("quiet", x, TOP - 5, f"{tick:g}x", "middle"))
    y = TOP
    for _, bars in panel.groups:
        y += GROUP_HEAD
        for bar in bars:
            parts += draw_bar(axis, bar, y, left + width - FIGURES)
            y += ROW
        y += GROUP_GAP
    return parts


def legend():
    """From the right edge to the left, on the line of the title."""
    parts, x = [], WIDTH
    for css, name in reversed(LEGEND):
        x -= 6 * len(name)
        parts.append(text("quiet", x, 17, name))
        x -= 14
        parts.append(f'<rect class="{css}" x="{x:.1f}" y="8" width="10" height="10" rx="1"/>')
        x -= 14
    return parts


def plot(title, panels):
    """The whole file. All panels have the same groups with the same labels."""
    groups = panels[0].groups
    height = TOP + sum(GROUP_HEAD + ROW * len(bars) + GROUP_GAP for _, bars in groups) + BOTTOM
    width = (WIDTH - LABELS - GAP * (len(panels) - 1)) / len(panels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             f"<title>{escape(title)}</title><style>{STYLE}</style>",
             text("title", 0, 18, title), *legend()]
    for index, panel in enumerate(panels):
        parts += draw_panel(panel, LABELS + index * (width + GAP), width, height)
    y = TOP
    for name, bars in groups:
        parts.append(text("group", 0, y + GROUP_HEAD - 8, name))
        y += GROUP_HEAD
        for bar in bars:
            parts.append(text("quiet", LABELS - 8, y + ROW - 4, bar.label, "end"))
            y += ROW
        y += GROUP_GAP
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
