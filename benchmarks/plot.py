"""Draw how cost grows: the figures that `growth.py` wrote in, an SVG out, readable on light and on dark."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Row = Mapping[str, float]
_WIDTH, _HEIGHT = 360, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 34, 34, 44
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600; fill: #24292f }
.grid { stroke: #d0d7de } .line { fill: none; stroke-width: 2 }
.first { stroke: #0969da } circle.first { fill: #0969da } .second { stroke: #bc4c00 } circle.second { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d }
  .first { stroke: #58a6ff } circle.first { fill: #58a6ff } .second { stroke: #f0883e } circle.second { fill: #f0883e }
}
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing: its title with the unit, and the figures that are lines in it, by their names."""

    title: str
    lines: Mapping[str, str]
    log: bool = False


PANELS = (
    Panel("Until it can be asked, s", {"searchable": ""}, log=True),
    Panel("Search, ms", {"p50": "p50", "p95": "p95"}),
    Panel("Disk, MB", {"disk": ""}, log=True),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places on the page; either from 0 up, or by powers of ten."""

    low: float
    high: float
    begin: float
    end: float
    log: bool

    @classmethod
    def over(cls, values: Sequence[float], begin: float, end: float, *, log: bool) -> Scale:
        """Make one on which all values have a place."""
        if log:
            return cls(
                10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values))), begin, end, log
            )
        step = _step(max(values))
        return cls(0, step * math.ceil(max(values) / step), begin, end, log)

    def at(self, value: float) -> float:
        """Return the place of a value."""
        low, high, here = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return self.begin + (self.end - self.begin) * (here - low) / ((high - low) or 1)

    def ticks(self) -> list[float]:
        """Return the values that are written beside it."""
        if self.log:
            return [10**power for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]
        step = _step(self.high)
        return [step * number for number in range(round(self.high / step) + 1)]


def _step(high: float) -> float:
    """Return a round number of which about four make the whole."""
    power = 10.0 ** math.floor(math.log10(high / 4))
    return power * next(step for step in (1, 2, 2.5, 5, 10) if power * step >= high / 4)


def drawn(rows: Sequence[Row]) -> str:
    """Draw all panels, two in a row, with the number of passages from left to right."""
    panels = []
    for number, panel in enumerate(PANELS):
        place = f"translate({number % 2 * _WIDTH} {number // 2 * _HEIGHT})"
        panels.append(f'<g transform="{place}">' + "\n".join(_drawn(panel, rows)) + "</g>")
    width, height = 2 * _WIDTH, _HEIGHT * math.ceil(len(PANELS) / 2)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    title = f"Cost from {rows[0]['passages']:,} to {rows[-1]['passages']:,} passages"
    return "\n".join(
        [f'{head} role="img">', f"<title>{title}</title>", f"<style>{_STYLE}</style>", *panels, "</svg>\n"]
    )


def _drawn(panel: Panel, rows: Sequence[Row]) -> Iterator[str]:
    x = Scale(rows[0]["passages"], rows[-1]["passages"], _LEFT, _WIDTH - _RIGHT, log=True)
    y = Scale.over([row[key] for row in rows for key in panel.lines], _HEIGHT - _BOTTOM, _TOP, log=panel.log)
    yield f'<text class="title" x="{_LEFT}" y="16">{panel.title}</text>'
    for tick in y.ticks():
        yield f'<line class="grid" x1="{x.begin}" x2="{x.end}" y1="{y.at(tick):.1f}" y2="{y.at(tick):.1f}"/>'
        yield f'<text x="{x.begin - 6}" y="{y.at(tick) + 4:.1f}" text-anchor="end">{tick:,g}</text>'
    for row in rows:
        about = f"{float(format(row['passages'], '.0e')):,.0f}"
        yield f'<text x="{x.at(row["passages"]):.1f}" y="{y.begin + 16}" text-anchor="middle">{about}</text>'
    yield f'<text x="{(x.begin + x.end) / 2}" y="{y.begin + 34}" text-anchor="middle">passages</text>'
    for style, (key, label) in zip(("first", "second"), panel.lines.items(), strict=False):
        points = [(x.at(row["passages"]), y.at(row[key])) for row in rows]
        yield f'<polyline class="line {style}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>'
        yield from (f'<circle class="{style}" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in points)
        yield f'<text x="{points[-1][0] + 7:.1f}" y="{points[-1][1] + 4:.1f}">{label}</text>'


def main() -> None:
    """Draw again what was measured before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path, help="the JSON that growth.py wrote")
    parser.add_argument("svg", type=Path)
    given = parser.parse_args()
    given.svg.write_text(drawn(json.loads(given.figures.read_text())["rows"]))


if __name__ == "__main__":
    main()
