"""Plots as SVG, drawn by pure functions on the server.

Shapes, words and class names only: colours, fonts and everything that differs between
light and dark are in the style sheet.  What is plotted is `plots`, beside this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.desk.overview.scales import Scale

LABEL_ROOM = 54
"""What a label below the axis takes, in units of the plot, with the gap to the next."""
BAR = 0.72
"""The part of its column that a bar fills."""
DOTS_UP_TO = 60
"""With more columns than these a line has no dots but where it stands alone."""


@dataclass(frozen=True, slots=True)
class Size:
    """A plot's width and height in its own units, about pixels, and its margins."""

    width: int
    height: int
    left: int = 46
    right: int = 18
    top: int = 10
    bottom: int = 26

    def x(self, place: float) -> float:
        """From 0 at the left end of the axis to 1 at the right one."""
        return self.left + place * (self.width - self.left - self.right)

    def y(self, place: float) -> float:
        """From 0 at the lower end of the axis to 1 at the upper one."""
        return (
            self.height - self.bottom - place * (self.height - self.top - self.bottom)
        )


SIZES = {"wide": Size(480, 380), "narrow": Size(340, 230)}
"""Each plot is drawn for both: scaled down to a phone, its labels were too small."""
LOW_SIZES = {"wide": Size(480, 140), "narrow": Size(340, 145)}
"""The same for plots of which two stand in the place of one."""


@dataclass(frozen=True, slots=True)
class Column:
    """A day or week: its label on the axis, and what is said when it is pointed at."""

    label: str
    said: str
    is_over: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """One thing that is plotted: its name, its class, and a value for each column.

    None where there is nothing to plot, which is not the same as zero.
    """

    name: str
    style: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is plotted.

    `steps` are the distances allowed between labelled columns, ascending.
    """

    id: str
    title: str
    description: str
    columns: tuple[Column, ...]
    series: tuple[Series, ...]
    scale: Scale
    steps: tuple[int, ...]
    is_low: bool = False

    def size(self, name: str) -> Size:
        """Its size of that name."""
        return (LOW_SIZES if self.is_low else SIZES)[name]


def bars(plot: Plot, name: str) -> Markup:
    """Draw one bar per column; the first series stands on the axis, the others on it.

    Args:
        plot: with values of at least 0.
        name: of SIZES.
    """
    size = plot.size(name)
    stacks = (_stack(plot, size, i) for i in range(len(plot.columns)))
    return _svg(plot, name, _join([_axes(plot, size), *stacks]))


def lines(plot: Plot, name: str) -> Markup:
    """Draw a line for each series, broken where it has no value.

    Args:
        plot: what to draw.
        name: of SIZES.
    """
    size = plot.size(name)
    drawn = (_line(plot, size, series) for series in plot.series)
    columns = (_hit(plot, size, i, Markup()) for i in range(len(plot.columns)))
    return _svg(plot, name, _join([_axes(plot, size), *drawn, *columns]))


def meter(part: float, style: str) -> Markup:
    """Draw a bar that fills a part of its width, in [0, 1], beside a number."""
    return Markup(
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false">'
        '<rect class="{}" width="{}" height="8"/></svg>'
    ).format(style, _number(part * 100))


def labelled(count: int, room: float, steps: Sequence[int]) -> list[int]:
    """Which columns have a label: the last one, and others at equal distances from it.

    Args:
        count: how many columns there are.
        room: how many labels fit side by side, at least 1.
        steps: the distances to choose from, ascending; the least that fits is taken.
    """
    fits = (step for step in steps if (count - 1) / step + 1 <= room)
    step = next(fits, max(count, 1))
    return list(range(count - 1, -1, -step))[::-1]


def _svg(plot: Plot, name: str, content: Markup) -> Markup:
    size = plot.size(name)
    return Markup(
        '<svg class="plot {name}" viewBox="0 0 {width} {height}" role="img"'
        ' aria-labelledby="{id}-{name}-title {id}-{name}-desc" focusable="false">'
        '<title id="{id}-{name}-title">{title}</title>'
        '<desc id="{id}-{name}-desc">{description}</desc>{content}</svg>'
    ).format(
        name=name,
        width=size.width,
        height=size.height,
        id=plot.id,
        title=plot.title,
        description=plot.description,
        content=content,
    )


def _axes(plot: Plot, size: Size) -> Markup:
    return _join([*_rungs(plot.scale, size), *_labels(plot, size)])


def _rungs(scale: Scale, size: Size) -> Iterator[Markup]:
    """A line across the plot for every tick; the lowest is the axis."""
    for i, (value, label) in enumerate(scale.ticks):
        y = _number(size.y(scale.place(value)))
        yield Markup(
            '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="tick" x="{}" y="{}" dy="0.35em" text-anchor="end">{}</text>'
        ).format(
            "rung" if i else "axis",
            size.left,
            size.width - size.right,
            y,
            y,
            size.left - 7,
            y,
            label,
        )


def _labels(plot: Plot, size: Size) -> Iterator[Markup]:
    count = len(plot.columns)
    room = (size.width - size.left - size.right) / LABEL_ROOM
    for i in labelled(count, room, plot.steps):
        yield Markup(
            '<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>'
        ).format(
            _number(size.x((i + 0.5) / count)),
            size.height - size.bottom + 19,
            plot.columns[i].label,
        )


def _stack(plot: Plot, size: Size, i: int) -> Markup:
    below, count, parts = 0.0, len(plot.columns), []
    for series in plot.series:
        value = series.values[i] or 0.0
        if value > 0:
            foot, head = (size.y(plot.scale.place(v)) for v in (below, below + value))
            parts.append(
                Markup(
                    '<rect class="{}" x="{}" width="{}" y="{}" height="{}"/>'
                ).format(
                    series.style,
                    _number(size.x((i + (1 - BAR) / 2) / count)),
                    _number(size.x(BAR / count) - size.x(0)),
                    _number(head),
                    _number(foot - head),
                )
            )
        below += value
    return _hit(plot, size, i, _join(parts))


def _hit(plot: Plot, size: Size, i: int, drawn: Markup) -> Markup:
    """A column with what is said of it, which shows wherever it is pointed at."""
    column, count = plot.columns[i], len(plot.columns)
    return Markup(
        '<g class="{}"><title>{}</title>'
        '<rect class="hit" x="{}" width="{}" y="{}" height="{}"/>{}</g>'
    ).format(
        "column" if column.is_over else "column unfinished",
        column.said,
        _number(size.x(i / count)),
        _number(size.x(1 / count) - size.x(0)),
        size.top,
        size.height - size.top - size.bottom,
        drawn,
    )


def _line(plot: Plot, size: Size, series: Series) -> Markup:
    count = len(plot.columns)
    points = [
        None
        if value is None
        else (size.x((i + 0.5) / count), size.y(plot.scale.place(value)))
        for i, value in enumerate(series.values)
    ]
    runs = list(_runs(points))
    dotted = [run for run in runs if count <= DOTS_UP_TO or len(run) == 1]
    return Markup('<g class="{}">{}{}</g>').format(
        series.style,
        _join(_path(run) for run in runs if len(run) > 1),
        _join(_dot(point) for run in dotted for point in run),
    )


Point = tuple[float, float]


def _runs(points: Iterable[Point | None]) -> Iterator[list[Point]]:
    """Points that follow each other without a gap."""
    run: list[Point] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _path(run: Iterable[Point]) -> Markup:
    points = " ".join(f"{_number(x)},{_number(y)}" for x, y in run)
    return Markup('<polyline class="line" points="{}"/>').format(points)


def _dot(point: Point) -> Markup:
    x, y = map(_number, point)
    return Markup('<circle class="dot" cx="{}" cy="{}" r="2.6"/>').format(x, y)


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _number(value: float) -> str:
    """A length with at most two decimals."""
    return f"{round(value, 2):g}"
