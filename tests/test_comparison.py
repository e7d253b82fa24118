"""The page that shows a candidate beside the version that answers."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from model.artifact import Artifact, Block, load, shipped
from model.changes import MOST, weight_changes
from model.comparison import MOST_FLIPS, MOST_TEXT, comparison_page, write_comparison
from model.finding import ATTRIBUTES, Attribute
from model.gate import Gate, gate
from model.labels import Label
from tests.browser import NARROWEST, Watch, overflow, window
from tests.candidates import PEOPLE, VERSION, changed, decisions, judge_of

HOSTILE = "</blockquote><script>document.title = 'owned'</script><img src=http://x.y/>"


@pytest.fixture(scope="module")
def base() -> Artifact:
    return load(shipped())


@pytest.fixture(scope="module")
def better(base: Artifact) -> Artifact:
    return changed(base, {"astrology": 8.0})


@pytest.fixture(scope="module")
def decided(base: Artifact, better: Artifact) -> Gate:
    return gate(judge_of(base), judge_of(better), decisions())


def shown(
    base: Artifact, candidate: Artifact, decided: Gate, held_out: Sequence[Label]
) -> str:
    judges = judge_of(base), judge_of(candidate)
    return comparison_page(*judges, decided, held_out, (base, candidate)).decode()


@pytest.fixture(scope="module")
def page(base: Artifact, better: Artifact, decided: Gate) -> str:
    return shown(base, better, decided, decisions())


def articles(page: str) -> list[str]:
    return re.findall("<article>.*?</article>", page, re.DOTALL)


def test_it_is_one_page_that_loads_nothing(page: str) -> None:
    assert page.count('src="data:image/png;base64,') == 4
    assert page.count('srcset="data:image/png;base64,') == 4
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_it_says_what_the_gate_said(page: str, decided: Gate) -> None:
    assert f"<h1>{VERSION} in place of {decided.against}?</h1>" in page
    assert "Passed: it may answer in its place." in page
    for check in decided.checks:
        assert f'<th scope="row">{check.name}</th>' in page
    assert "80.0 %</td>" in page
    assert "+7.5</td>" in page


def test_a_refusal_names_what_it_is_for(base: Artifact, decided: Gate) -> None:
    (first, *others) = decided.checks
    refused = replace(decided, checks=(replace(first, passed=False), *others))

    page = shown(base, base, refused, [])

    assert "Refused for: agreement with moderators." in page


def test_it_shows_whose_verdict_changes_and_whether_people_agree(page: str) -> None:
    changed = articles(page)

    assert len(changed) == 9
    assert "Now wrong: 0" in page
    assert "Now right: 9" in page
    assert all("accept → flag" in one for one in changed)
    assert all("people rejected it as personal" in one for one in changed)
    assert all("astrology" in one for one in changed)


def test_what_becomes_wrong_is_not_crowded_out(
    base: Artifact, decided: Gate, better: Artifact
) -> None:
    rows = [
        Label(f"{who} {verb} astrology in {year}.", rejected=verb != "mentioned")
        for who in PEOPLE
        for verb in ("recommends", "teaches", "sells", "praises", "mentioned")
        for year in (1987, 1999)
    ]
    strict = changed(base, {"astrology": 16.0})

    page = shown(base, strict, decided, rows)

    assert "Now wrong: 24" in page
    assert "Now right: 96" in page
    people_accepted = [a for a in articles(page) if "people accepted it" in a]
    assert len(articles(page)) == MOST_FLIPS
    assert len(people_accepted) == MOST_FLIPS // 2


def test_what_readers_wrote_stays_text(
    base: Artifact, better: Artifact, decided: Gate
) -> None:
    strict = changed(base, {"astrology": 60.0})
    rows = [
        Label(f"Astrology {HOSTILE}", rejected=True),
        Label("Astrology \ud800 of half a letter", rejected=True),
        Label(f"Astrology{' is astrology' * 100}", rejected=True),
    ]

    page = shown(base, strict, decided, rows)

    assert len(articles(page)) == 3
    assert "<script" not in page
    assert "<img src=http" not in page
    assert "Astrology &lt;/blockquote&gt;&lt;script&gt;" in page
    (long,) = [one for one in articles(page) if "is astrology is" in one]
    assert long.count("…") == 1
    assert len(long) < MOST_TEXT + 250


def test_words_are_named_that_came_to_weigh_more_or_less(
    base: Artifact, better: Artifact, page: str
) -> None:
    block = base.words
    at = block.names.index("astrology")

    (insult,) = [
        c for c in weight_changes(base, better) if c.attribute is Attribute.INSULT
    ]

    (raised,) = insult.more
    assert raised.name == "astrology"
    assert raised.by == pytest.approx(
        8 * block.idf[at] * base.mix[:, 3].sum(), rel=0.01
    )
    assert insult.less == []
    (back,) = [
        c for c in weight_changes(better, base) if c.attribute is Attribute.INSULT
    ]
    assert [word.name for word in back.less] == ["astrology"]
    assert f"<li>astrology <small>+{raised.by:.2f}</small></li>" in page


def test_a_word_that_is_not_known_is_told_by_its_parts(
    base: Artifact, better: Artifact
) -> None:
    grams = base.grams
    coef = grams.coef.copy()
    for part in (" gla", "gla", "abby "):
        coef[grams.names.index(part), ATTRIBUTES.index(Attribute.INSULT)] += 20
    learnt = replace(better, grams=replace(grams, coef=coef))

    of_both = {changes.attribute: changes for changes in weight_changes(base, learnt)}

    told = [(change.name, change.is_part) for change in of_both[Attribute.INSULT].more]
    assert told[0] == ("astrology", False)
    assert ("abby ", True) in told
    assert (" gla" in dict(told)) != ("gla" in dict(told))
    assert of_both[Attribute.THREAT].more == []


def test_versions_that_know_other_words_are_compared(
    base: Artifact, decided: Gate
) -> None:
    names = ["zorbling", *base.words.names[1:]]
    other = replace(
        changed(base, {}), words=Block(names, base.words.idf, base.words.coef)
    )

    changes = weight_changes(base, other)

    gone = base.words.names[0]
    named = {word.name for its in changes for word in (*its.more, *its.less)}
    assert named <= {"zorbling", gone}
    assert "zorbling" in named
    assert (
        max(len(its.more) for its in weight_changes(other, changed(base, {}))) <= MOST
    )
    assert "Words whose weight changed most" in shown(base, other, decided, [])


def test_without_decisions_there_is_nothing_to_plot(
    base: Artifact, better: Artifact, decided: Gate
) -> None:
    none = shown(base, better, decided, [])
    of_one_class = shown(base, better, decided, [x for x in decisions() if x.rejected])

    assert "<img" not in none
    assert articles(none) == []
    assert "<img" not in of_one_class
    assert len(articles(of_one_class)) == 9


def test_only_its_owner_can_read_it(
    base: Artifact, better: Artifact, decided: Gate, tmp_path: Path
) -> None:
    judges = judge_of(base), judge_of(better)

    path = write_comparison(
        tmp_path / "report.html", *judges, decided, decisions(), (base, better)
    )

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"<!doctype html>")


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_browser_shows_it_on_the_narrowest_screen_without_a_complaint(
    browser: Browser, page: str, tmp_path: Path, is_dark: bool
) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, "utf-8")
    watch = Watch(home=path.as_uri())
    context = browser.new_context(**window(NARROWEST, is_dark=is_dark))
    watch.attach(context)
    opened = context.new_page()

    opened.goto(path.as_uri())

    widths = opened.locator("img").evaluate_all("all => all.map(i => i.naturalWidth)")
    wide = overflow(opened)
    context.close()
    assert watch.complaints == []
    assert wide == 0
    assert len(widths) == 4
    assert min(widths) > 0
