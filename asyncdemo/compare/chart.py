"""A picture of a sweep for talks and papers: what is drawn, as lines, dots and words on a sheet.

SVG is written by hand, for it takes thirty lines. PNG is painted by Pillow (the extra `plot`): small, without a library
of the system's own, and one layout serves both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Literal
from xml.sax.saxutils import escape

from asyncdemo.compare.curves import Curve, Sweep, round_up
from asyncdemo.errors import UNAVAILABLE, USAGE, AsyncdemoError
from asyncdemo.quantities import format_duration

WIDTH, HEIGHT = 800, 450
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 70, 60
COLORS = ("#1f6fb4", "#d2691e", "#2e8b57", "#8b3a8b", "#b8860b", "#5f6b73")
INK, PALE = "#333333", "#d8d8d8"
FONT = 14
TICKS = 5


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    color: str
    width: float = 1
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    color: str
    radius: float = 4.5


@dataclass(frozen=True, slots=True)
class Words:
    """A text, whose baseline begins, has its middle or ends at a point."""

    x: float
    y: float
    text: str
    color: str = INK
    anchor: Literal["start", "middle", "end"] = "start"


Shape = Stroke | Dot | Words


def painter(path: str) -> Callable[[Sweep], bytes]:
    """What makes the file that the ending of `path` names.

    Raises:
        AsyncdemoError: no picture has that ending (exit code 2), or Pillow is not installed (exit code 3).
    """
    ending = os.path.splitext(path)[1].lower()
    if ending == ".svg":
        return svg
    if ending != ".png":
        raise AsyncdemoError(f"--plot {path}: pictures are .svg and .png.\nName one of these.", USAGE)
    try:
        import PIL  # noqa: F401 - only whether it is there
    except ImportError:
        raise AsyncdemoError(
            f"--plot {path}: a .png needs Pillow, which is not installed.\n"
            "Install it (pip install 'asyncdemo[plot]'), or name an .svg.",
            UNAVAILABLE,
        ) from None
    return png


def shapes(sweep: Sweep) -> Iterator[Shape]:
    """What the picture of a sweep is made of, from back to front."""
    top_ns = round_up(sweep.most_ns)
    for tick in range(TICKS + 1):
        y = _y(top_ns * tick / TICKS, top_ns)
        yield Stroke(LEFT, y, WIDTH - RIGHT, y, PALE)
        yield Words(LEFT - 8, y + FONT / 3, format_duration(round(top_ns * tick / TICKS)), anchor="end")
    for text, x in sorted({(point.text, point.x) for curve in sweep.curves for point in curve.points}):
        yield Stroke(_x(x), HEIGHT - BOTTOM, _x(x), HEIGHT - BOTTOM + 5, INK)
        yield Words(_x(x), HEIGHT - BOTTOM + 20, text, anchor="middle")
    name = sweep.parameter.replace("_", " ")
    yield Words((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, f"{name}{' (by factors)' * sweep.factors}", anchor="middle")
    for number, curve in enumerate(sweep.curves):
        yield from _curve(curve, COLORS[number % len(COLORS)], top_ns)
    yield from _legend(sweep)


def _curve(curve: Curve, color: str, top_ns: float) -> Iterator[Shape]:
    ideals = [(point.x, point.ideal_ns) for point in curve.points if point.ideal_ns is not None]
    for (x1, y1), (x2, y2) in pairwise(ideals):
        yield Stroke(_x(x1), _y(y1, top_ns), _x(x2), _y(y2, top_ns), color, 1.5, dashed=True)
    for point in curve.points:
        x = _x(point.x)
        yield Stroke(x, _y(point.least_ns, top_ns), x, _y(point.most_ns, top_ns), color, 1.5)
        yield Dot(x, _y(point.wall_ns, top_ns), color)


def _legend(sweep: Sweep) -> Iterator[Shape]:
    x, y = float(LEFT), 26.0
    for number, curve in enumerate(sweep.curves):
        if x + len(curve.title) * FONT * 0.62 > WIDTH - RIGHT:
            x, y = float(LEFT), y + 18
        yield Dot(x + 4, y - 4, COLORS[number % len(COLORS)])
        yield Words(x + 14, y, curve.title)
        x += 34 + len(curve.title) * FONT * 0.62
    yield Words(WIDTH - RIGHT, HEIGHT - 14, "dots: medians, bars: all runs, dashes: ideal", anchor="end")


def _x(share: float) -> float:
    inset = 24
    return round(LEFT + inset + share * (WIDTH - LEFT - RIGHT - 2 * inset), 1)


def _y(ns: float, top_ns: float) -> float:
    return round(HEIGHT - BOTTOM - ns / top_ns * (HEIGHT - TOP - BOTTOM), 1)


def svg(sweep: Sweep) -> bytes:
    """The picture as SVG: no font, script or address from elsewhere."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f'<g font-family="sans-serif" font-size="{FONT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *map(_element, shapes(sweep)),
        "</g>",
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _element(shape: Shape) -> str:
    if isinstance(shape, Stroke):
        dashes = ' stroke-dasharray="6 4"' if shape.dashed else ""
        ends = f'x1="{shape.x1}" y1="{shape.y1}" x2="{shape.x2}" y2="{shape.y2}"'
        return f'<line {ends} stroke="{shape.color}" stroke-width="{shape.width}"{dashes}/>'
    if isinstance(shape, Dot):
        return f'<circle cx="{shape.x}" cy="{shape.y}" r="{shape.radius}" fill="{shape.color}"/>'
    anchor = f'text-anchor="{shape.anchor}" fill="{shape.color}"'
    return f'<text x="{shape.x}" y="{shape.y}" {anchor}>{escape(shape.text)}</text>'


def png(sweep: Sweep, scale: int = 2) -> bytes:
    """The picture as PNG, `scale` dots to a unit of the layout."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(FONT * scale)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for shape in shapes(sweep):
        if isinstance(shape, Stroke):
            for x1, y1, x2, y2 in _dashes(shape):
                ends = (x1 * scale, y1 * scale, x2 * scale, y2 * scale)
                draw.line(ends, fill=shape.color, width=max(1, round(shape.width * scale)))
        elif isinstance(shape, Dot):
            x, y, r = shape.x * scale, shape.y * scale, shape.radius * scale
            draw.ellipse((x - r, y - r, x + r, y + r), fill=shape.color)
        else:
            at = (shape.x * scale, shape.y * scale)
            draw.text(at, shape.text, fill=shape.color, font=font, anchor=anchors[shape.anchor])
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _dashes(stroke: Stroke) -> Iterator[tuple[float, float, float, float]]:
    """The pieces of a line: one, or as many as its dashes."""
    dx, dy = stroke.x2 - stroke.x1, stroke.y2 - stroke.y1
    length = (dx * dx + dy * dy) ** 0.5
    if not stroke.dashed or not length:
        yield stroke.x1, stroke.y1, stroke.x2, stroke.y2
        return
    for start in range(0, int(length), 10):
        end = min(start + 6, length)
        a, b = start / length, end / length
        yield stroke.x1 + dx * a, stroke.y1 + dy * a, stroke.x1 + dx * b, stroke.y1 + dy * b
