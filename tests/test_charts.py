"""Plots say what the numbers say, on round axes, without a style of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from model.finding import Rule
from service.desk.overview import plots
from service.desk.overview.charts import (
    SIZES,
    Column,
    Plot,
    Series,
    bars,
    labelled,
    lines,
    meter,
)
from service.desk.overview.periods import By, periods
from service.desk.overview.scales import (
    DURATIONS,
    MOST_TICKS,
    Scale,
    coefficient_scale,
    counting_scale,
    duration_scale,
    round_step,
    share_scale,
)
from service.desk.overview.sections import Section
from service.desk.overview.views import View
from service.domain import Outcome
from service.store.tallies import Opinion, Pair, Proposal, Samples, Tally
from service.watch import LEAST_SAMPLES

ACCEPT, REJECT = Outcome.ACCEPT, Outcome.REJECT
Draw = Callable[[Plot, str], Markup]

MONDAY = date(2026, 11, 2)
DAY = timedelta(days=1)
TEN = Scale(((0.0, "0"), (5.0, "5"), (10.0, "10")))


def plot(
    *values: tuple[float | None, ...], scale: Scale = TEN, title: str = "Comments"
) -> Plot:
    """A plot of some series, with a column for each value."""
    columns = tuple(
        Column(f"{i + 1} Nov", f"On day {i + 1}") for i in range(len(values[0]))
    )
    series = tuple(Series(f"S{i}", f"s{i}", found) for i, found in enumerate(values))
    return Plot("p", title, "What it is.", columns, series, scale, (1, 7))


def parsed(svg: str) -> ElementTree.Element:
    """The drawing, which has to be well-formed."""
    return ElementTree.fromstring(svg)  # noqa: S314  (our own)


def shapes(svg: str, tag: str, style: str | None = None) -> list[dict[str, str]]:
    """The attributes of every shape of a kind, in their order."""
    found = [element.attrib for element in parsed(svg).iter(tag)]
    return [a for a in found if style is None or a.get("class") == style]


# Axes


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        pytest.param(0, ["0", "1"], id="nothing"),
        pytest.param(1, ["0", "1"], id="one"),
        pytest.param(3, ["0", "1", "2", "3"], id="never in halves"),
        pytest.param(41, ["0", "10", "20", "30", "40", "50"], id="tens"),
        pytest.param(950, ["0", "200", "400", "600", "800", "1,000"], id="round up"),
        pytest.param(23_000, ["0", "5,000", "10k", "15k", "20k", "25k"], id="short"),
        pytest.param(2_400_000, ["0", "500k", "1M", "1.5M", "2M", "2.5M"], id="many"),
    ],
)
def test_counts_are_on_round_numbers_from_zero(highest: int, labels: list[str]) -> None:
    assert [label for _, label in counting_scale(highest).ticks] == labels


@pytest.mark.parametrize(
    ("lowest", "highest", "labels"),
    [
        pytest.param(0.0, 0.0, ["0%", "0.2%", "0.4%", "0.6%", "0.8%", "1%"], id="none"),
        pytest.param(0.0, 0.071, ["0%", "2%", "4%", "6%", "8%"], id="a few"),
        pytest.param(0.0, 1.0, ["0%", "20%", "40%", "60%", "80%", "100%"], id="all"),
        pytest.param(
            0.91, 0.953, ["91%", "92%", "93%", "94%", "95%", "96%"], id="most"
        ),
        pytest.param(1.0, 1.0, ["99%", "99.2%", "99.4%", "99.6%", "99.8%", "100%"]),
    ],
)
def test_shares_are_on_round_percentages(
    lowest: float, highest: float, labels: list[str]
) -> None:
    assert [label for _, label in share_scale(highest, lowest=lowest).ticks] == labels


@pytest.mark.parametrize(
    ("shortest", "longest", "labels"),
    [
        pytest.param(0, 0, ["1 s", "10 s"], id="at once"),
        pytest.param(45, 500, ["10 s", "1 min", "10 min"], id="minutes"),
        pytest.param(60, 60, ["1 min", "10 min"], id="on a tick"),
        pytest.param(1800, 200_000, ["10 min", "1 h", "6 h", "1 day", "1 week"]),
        pytest.param(10**9, 10**10, ["10 weeks", "100 weeks"], id="beyond"),
    ],
)
def test_durations_are_on_times_that_people_say(
    shortest: float, longest: float, labels: list[str]
) -> None:
    scale = duration_scale(shortest, longest)

    assert [label for _, label in scale.ticks] == labels


def test_coefficients_reach_up_to_one_and_below_zero_where_they_do() -> None:
    assert [tick for tick, _ in coefficient_scale(0.3).ticks] == [
        0,
        0.2,
        0.4,
        0.6,
        0.8,
        1,
    ]
    assert coefficient_scale(-0.1).ticks[0] == (-0.5, "\N{MINUS SIGN}0.5")
    assert coefficient_scale(-0.1).ticks[-1] == (1.0, "1")


@settings(deadline=None)
@given(st.floats(1e-6, 1e9))
def test_a_step_is_round_and_there_are_few(span: float) -> None:
    step = round_step(span)

    digits = f"{step:e}".partition("e")[0].rstrip("0").rstrip(".")
    assert digits in ("1", "2", "5")
    assert 2 <= math.ceil(span / step * (1 - 1e-9)) <= MOST_TICKS


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_an_axis_of_shares_holds_what_it_was_made_for(one: float, other: float) -> None:
    lowest, highest = sorted((one, other))
    scale = share_scale(highest, lowest=lowest)

    ticks = [tick for tick, _ in scale.ticks]
    assert ticks == sorted(set(ticks))
    assert ticks[0] <= lowest + 1e-9
    assert highest <= ticks[-1] + 1e-9
    assert len({label for _, label in scale.ticks}) == len(ticks)


def test_a_value_stands_between_the_ends_of_its_axis() -> None:
    assert [TEN.place(v) for v in (-1, 0, 2.5, 10, 11)] == [0, 0, 0.25, 1, 1]


def test_on_an_axis_of_durations_equal_ratios_are_equal_distances() -> None:
    scale = Scale(((1, "1 s"), (10, "10 s"), (100, "100 s")), is_log=True)

    assert [scale.place(v) for v in (0, 1, 10, 100)] == pytest.approx([0, 0, 0.5, 1])


def test_ticks_of_durations_grow() -> None:
    marks = [mark for mark, _ in DURATIONS]

    assert all(b / a >= 4 for a, b in pairwise(marks))


@pytest.mark.parametrize(
    ("count", "room", "expected"),
    [
        pytest.param(1, 5.0, [0], id="one"),
        pytest.param(5, 5.0, [0, 1, 2, 3, 4], id="all fit"),
        pytest.param(28, 5.0, [6, 13, 20, 27], id="one weekday"),
        pytest.param(100, 1.0, [99], id="no distance fits"),
    ],
)
def test_the_last_column_is_labelled_and_others_at_equal_distances(
    count: int, room: float, expected: list[int]
) -> None:
    assert labelled(count, room, (1, 2, 7)) == expected


# Drawings


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("draw", [bars, lines])
def test_a_drawing_says_in_words_what_it_is(draw: Draw, size: str) -> None:
    svg = parsed(draw(plot((1, 2)), size))

    assert svg.get("role") == "img"
    ids = (svg.get("aria-labelledby") or "").split()
    named = {child.get("id"): child.text for child in svg if child.get("id")}
    assert [named[id] for id in ids] == ["Comments", "What it is."]


@pytest.mark.parametrize("draw", [bars, lines])
def test_drawings_of_both_sizes_may_stand_on_one_page(draw: Draw) -> None:
    drawn = "".join(draw(plot((1, 2)), size) for size in SIZES)

    ids = re.findall(r' id="([^"]+)"', drawn)
    assert len(ids) == len(set(ids)) == 4


@pytest.mark.parametrize("draw", [bars, lines])
def test_what_is_written_into_a_drawing_does_no_harm(draw: Draw) -> None:
    hostile = '<script>"&'
    drawn = replace(plot((1,), title=hostile), columns=(Column(hostile, hostile),))

    svg = parsed(draw(drawn, "wide"))

    assert not list(svg.iter("script"))
    assert hostile in [element.text for element in svg.iter("text")]
    assert [element.text for element in svg.iter("title")] == [hostile, hostile]


@pytest.mark.parametrize("draw", [bars, lines])
def test_a_drawing_leaves_colours_and_styles_to_the_style_sheet(
    draw: Draw,
) -> None:
    svg = parsed(draw(plot((1, None, 3), (2, 2, 2)), "narrow"))

    used = {name for element in svg.iter() for name in element.attrib}
    assert not used & {"style", "fill", "stroke", "color", "href", "onclick"}


def test_bars_stand_on_each_other_from_the_axis_up() -> None:
    svg = bars(plot((2, 0, None), (3, 10, 0)), "wide")

    (below,) = shapes(svg, "rect", "s0")
    above, full = shapes(svg, "rect", "s1")
    axis = float(shapes(svg, "line", "axis")[0]["y1"])
    height = float(full["height"])
    assert float(below["y"]) + float(below["height"]) == pytest.approx(axis)
    assert float(below["height"]) == pytest.approx(height * 0.2, abs=0.02)
    assert float(above["y"]) + float(above["height"]) == pytest.approx(
        float(below["y"]), abs=0.02
    )
    assert float(above["height"]) == pytest.approx(height * 0.3, abs=0.02)
    assert above["x"] == below["x"]
    assert float(full["x"]) > float(above["x"]) + float(above["width"])


def test_a_line_goes_through_its_values_and_breaks_where_there_are_none() -> None:
    svg = lines(plot((0, 10, None, 5, None, 5, 5)), "wide")

    drawn = [shape["points"].split() for shape in shapes(svg, "polyline")]
    assert [len(points) for points in drawn] == [2, 2]
    size = SIZES["wide"]
    first, second = (tuple(map(float, point.split(","))) for point in drawn[0])
    assert first[1] == size.height - size.bottom
    assert second[1] == size.top
    assert len(shapes(svg, "circle")) == 5


def test_in_a_crowd_only_a_value_that_stands_alone_has_a_dot() -> None:
    crowd = (*([1.0] * 80), None, 2.0)

    assert len(shapes(lines(plot(crowd), "wide"), "circle")) == 1


def test_each_column_says_its_numbers_where_it_is_pointed_at() -> None:
    for draw in (bars, lines):
        svg = parsed(draw(plot((1, 2)), "wide"))
        columns = [g for g in svg.iter("g") if "column" in (g.get("class") or "")]

        assert [g.findtext("title") for g in columns] == ["On day 1", "On day 2"]
        assert all(g.find("rect[@class='hit']") is not None for g in columns)


def test_what_is_not_over_is_marked() -> None:
    drawn = replace(plot((1,)), columns=(Column("1 Nov", "On day 1", is_over=False),))

    assert shapes(bars(drawn, "wide"), "g", "column unfinished")


def test_every_shape_lies_within_the_drawing() -> None:
    for size in SIZES:
        svg = parsed(bars(plot((10,) * 28, (0,) * 28), size))
        _, _, width, height = map(float, (svg.get("viewBox") or "").split())
        for shape in svg.iter("rect"):
            x, y = float(shape.attrib["x"]), float(shape.attrib["y"])
            assert 0 <= x <= x + float(shape.attrib["width"]) <= width
            assert 0 <= y <= y + float(shape.attrib["height"]) <= height


def test_a_meter_fills_its_part() -> None:
    (rect,) = shapes(meter(0.375, "rejected"), "rect")

    assert (rect["width"], rect["class"]) == ("37.5", "rejected")


# What is plotted


def sections(*days: Tally, by: By = By.DAY) -> dict[str, Section]:
    """Every section over days from a Monday on; the last one is not over."""
    dated = {MONDAY + i * DAY: tally for i, tally in enumerate(days)}
    view = View(by, periods(by, dated, today=max(dated)))
    made = (
        plots.volume(view),
        plots.rates(view),
        plots.waits(view),
        plots.with_the_model(view),
        plots.with_each_other(view),
        plots.misses(view),
    )
    return {section.id: section for section in made}


BUSY = Tally(
    accepted=6,
    flagged=3,
    rejected=1,
    approvals=1,
    rejections=1,
    waits=(60, 7800),
    opinions={Opinion(Rule.OBSCENE, Proposal.FLAG, REJECT, Rule.OBSCENE): 2},
    pairs={
        Pair(ACCEPT, ACCEPT): 20,
        Pair(ACCEPT, REJECT): 5,
        Pair(REJECT, ACCEPT): 10,
        Pair(REJECT, REJECT): 15,
    },
    samples=Samples(decided=40, rejected=1, drawn=50),
)


def test_every_plot_has_its_numbers_in_a_table_the_latest_first() -> None:
    found = sections(BUSY, Tally())

    assert found["volume"].table.head == (
        "Day",
        "All",
        "Accepted",
        "Flagged",
        "Rejected",
    )
    assert found["volume"].table.rows == (
        ("Tue 3 Nov, so far", "0", "0", "0", "0"),
        ("Mon 2 Nov", "10", "6", "3", "1"),
    )
    assert found["rates"].table.rows == (
        ("Tue 3 Nov, so far", "0", "–", "–", "–"),
        ("Mon 2 Nov", "10", "60.0%", "30.0%", "10.0%"),
    )
    assert found["waits"].table.rows[1] == ("Mon 2 Nov", "2", "1 h 6 min", "1 h 57 min")
    assert found["model"].table.rows[1] == (
        *("Mon 2 Nov", "0", "0", "–"),
        *("2", "0", "100.0%"),
    )
    assert found["people"].table.rows == (
        ("Tue 3 Nov, so far", "0", "0", "0", "–", "–", "0.40"),
        ("Mon 2 Nov", "50", "35", "15", "70.0%", "0.40", "0.40"),
    )
    assert found["misses"].table.rows == (
        ("Tue 3 Nov, so far", "0", "0", "0", "2.5%", "0.4%", "12.9%"),
        ("Mon 2 Nov", "50", "40", "1", "2.5%", "0.4%", "12.9%"),
    )


def test_by_week_the_numbers_are_those_of_the_week() -> None:
    table = sections(*[BUSY] * 8, by=By.WEEK)["volume"].table

    assert [row[:2] for row in table.rows] == [
        ("9–15 Nov, so far", "10"),
        ("2–8 Nov", "70"),
    ]


def test_where_there_is_nothing_to_plot_it_is_said_and_not_drawn() -> None:
    for section in sections(Tally(), Tally()).values():
        assert section.drawings == ()
        assert section.if_empty


def test_one_comment_that_nobody_decided_on_is_plotted() -> None:
    found = sections(Tally(accepted=1))

    drawn = {id: len(section.drawings) for id, section in found.items()}
    none = dict.fromkeys(("waits", "model", "people", "misses"), 0)
    assert drawn == {"volume": 1, "rates": 2} | none


def test_what_is_missed_is_estimated_from_all_samples_until_then() -> None:
    found = sections(BUSY, Tally(), replace(BUSY, samples=Samples(60, 0, 90)))["misses"]

    assert found.lead == (
        "In this time 140 of the accepted comments were drawn at random as samples. "
        "Moderators decided 100 samples and rejected 1 of them; what readers reported "
        "or the site decided first does not count. So an estimated 1.0% of the 12 that "
        "were accepted break the rule; with 95% confidence, from 0.2% to 5.4%."
    )
    assert [row[4:] for row in found.table.rows] == [
        ("1.0%", "0.2%", "5.4%"),
        ("2.5%", "0.4%", "12.9%"),
        ("2.5%", "0.4%", "12.9%"),
    ]


def test_of_a_few_samples_it_is_said_how_many_and_nothing_is_estimated() -> None:
    few = replace(BUSY, samples=Samples(LEAST_SAMPLES - 1, 1, drawn=200))

    found = sections(few)["misses"]

    assert found.lead == (
        "In this time 200 of the accepted comments were drawn at random as samples. "
        "Moderators decided 19 samples and rejected 1 of them; what readers reported "
        "or the site decided first does not count. To estimate what is missed, 20 are "
        "needed."
    )
    assert [drawing.plot.id for drawing in found.drawings] == ["samples"]
    assert found.table.rows[0][4:] == ("–", "–", "–")


def test_the_first_samples_do_not_press_what_is_known_flat() -> None:
    first, later = (replace(BUSY, samples=Samples(n, 0)) for n in (20, 1_000))

    _, rate = sections(first, later)["misses"].drawings

    assert rate.plot.series[2].values[0] == pytest.approx(0.16, abs=0.01)
    assert rate.plot.scale.ticks[-1][0] == pytest.approx(0.01)


def test_a_column_says_what_it_counts() -> None:
    (drawing,) = sections(BUSY)["volume"].drawings

    assert drawing.plot.columns[0].said == (
        "Mon 2 Nov, so far: rejected 1, flagged 3, accepted 6"
    )


def test_every_drawing_is_there_for_wide_and_for_narrow_places() -> None:
    for section in sections(BUSY, BUSY).values():
        for drawing in section.drawings:
            classes = [parsed(svg).get("class") for svg in drawing.drawn]
            assert classes == ["plot wide", "plot narrow"]
