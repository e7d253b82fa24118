"""The script that evaluates says how a version does, and whether its card is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from model.dataset import UnreadableData
from model.evaluate import main
from model.examination import examine, summary
from model.finding import Rule
from model.judge import load_judge
from model.labelled import Labelled, read_labelled
from tests.tiny_corpora import write_corpora

COMMENTS = [
    ("What the fuck is wrong with this world.", True),
    ("You are an idiot. Did you even read the article?", True),
    ("The report is worth reading in full.", False),
    ("Thank you for the correction.", False),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "comments.jsonl"
    rows = [json.dumps({"text": text, "rejected": is_so}) for text, is_so in COMMENTS]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def test_it_prints_what_a_newsroom_can_act_on(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(file)])

    out = capsys.readouterr().out
    assert status == 0
    assert re.search(r"recall +1.0", out)
    assert re.search(r"clean_flagged +0.0", out)
    assert load_judge().model_version in out


def test_the_report_is_one_page_that_loads_nothing(file: Path, tmp_path: Path) -> None:
    main([str(file), "--out", str(tmp_path / "report")])

    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    names = {path.name for path in (tmp_path / "report").glob("*.png")}
    assert page.count('src="data:image/png;base64,') == 4
    assert "http" not in page.replace("http-equiv", "")
    assert names == {
        f"comments-{plot}.png"
        for plot in ("roc", "precision-recall", "reliability", "thresholds-queue")
    }


def test_figures_are_those_of_the_cards_thresholds() -> None:
    comments = [Labelled(text, is_so, None) for text, is_so in COMMENTS]

    figures = summary(examine(load_judge(), comments))

    assert figures["comments"] == 4
    assert figures["roc_auc_risk"] == figures["roc_auc_toxicity"] == 1.0
    assert figures["reject_precision"] == 1.0
    # Wilson's lower bound of two right of two.
    assert figures["reject_precision_at_least"] == pytest.approx(0.3424, abs=1e-4)
    assert figures["queue"] == 0.0


def test_a_card_of_other_data_is_not_called_true(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--corpora", str(write_corpora(tmp_path))])

    assert status == 2
    assert "cannot be measured again" in capsys.readouterr().err


def test_rules_may_stand_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text("text,obscene,personal\nOh no,0,1\nOh yes,,\n", "utf-8")

    rows = read_labelled(path)

    assert rows == [
        Labelled("Oh no", True, frozenset({Rule.PERSONAL})),
        Labelled("Oh yes", False, frozenset()),
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jsonl", '{"text": "x"}', "a.jsonl:1: neither rejected nor a rule"),
        ("a.jsonl", '{"text": " ", "rejected": true}', "a.jsonl:1: text is missing"),
        ("a.jsonl", "nonsense", "a.jsonl:1: not JSON"),
        ("a.jsonl", "[1]", "a.jsonl:1: not a JSON object"),
        ("a.jsonl", '{"text": "x", "rejected": 7}', "rejected is 7, neither true nor"),
        ("a.csv", "text,rejected\nx,maybe\n", "a.csv:2: rejected is 'maybe'"),
        ("a.csv", "text,rejected\n", "a.csv has no comments"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_field(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")

    with pytest.raises(UnreadableData, match=re.escape(problem)):
        read_labelled(tmp_path / name)


def test_a_missing_file_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(tmp_path / "none.jsonl")])

    assert status == 2
    assert "none.jsonl cannot be read: No such file" in capsys.readouterr().err
