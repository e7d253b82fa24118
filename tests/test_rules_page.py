"""The rules' page: what is tried, what is refused, and what is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import pytest
from flask import Flask

from model.finding import Rule
from service.auth import hash_password, key_hash, new_key
from service.domain import Outcome, Thresholds
from service.services import NAME
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import Database
from service.store.records import Site
from service.store.sites import Sites
from tests.fixtures_service import built
from tests.fixtures_store import NOON, PASSWORD, Install
from tests.visitor import Visitor

OUTSIDE = "It must lie between 0 and 1."
BY_SCRIPT = {"X-Requested-With": "desk"}
WORD = {"text": "frobnicator", "rule": "obscene", "strength": "reject", "forms": "stem"}


@pytest.fixture(scope="module")
def desk(dialect: str, install: Install) -> Iterator[Flask]:
    """An app of this module's own, with a moderator named mary."""
    with built(install(dialect)) as app:
        Accounts(database_of(app)).create_moderator(
            Moderator("mary", hash_password(PASSWORD), Role.MODERATOR, NOON)
        )
        yield app


@pytest.fixture(scope="module")
def editor(desk: Flask) -> Visitor:
    """An editor who is signed in."""
    visitor = Visitor.of(desk)
    visitor.sign_in("editor")
    return visitor


@pytest.fixture(scope="module")
def moderator(desk: Flask) -> Visitor:
    """A moderator who is signed in."""
    visitor = Visitor.of(desk)
    visitor.sign_in("mary")
    return visitor


class Rules:
    """One site's rules: its page, and what is stored."""

    def __init__(self, app: Flask, editor: Visitor) -> None:
        self.editor = editor
        self.sites = Sites(database_of(app))
        self.name = f"site-{uuid4().hex[:8]}"
        self.sites.create(self.name, by="test", now=NOON)
        key = new_key()
        accounts = Accounts(database_of(app))
        accounts.create_key(self.name, key_hash(key), "test", NOON)
        self.api = app.test_client()
        self.api.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"

    def now(self) -> Site:
        """The site as it is now."""
        return self.sites.find(self.name)

    def moderate(self, text: str, id: str | None = None) -> dict[str, Any]:
        """Have a comment judged."""
        comment = {"text": text} | ({"id": id} if id else {})
        answer = self.api.post("/v1/moderate", json=comment)
        assert answer.json
        return dict(answer.json)

    def page(self, path: str = "") -> str:
        """The page as the editor sees it."""
        return self.editor.get(f"/desk/{self.name}/rules{path}").text

    def send(self, form: str, **fields: str) -> httpx.Response:
        """Send a form of the page; `version` is the present one unless given."""
        fields = {"version": str(self.now().policy_version)} | fields
        return self.editor.post(f"/desk/{self.name}/rules/{form}", **fields)

    def ask(self, form: str, **fields: str) -> httpx.Response:
        """Ask as the page's script does."""
        fields = {"version": str(self.now().policy_version)} | fields
        token = {"csrf_token": self.editor.token()}
        path = f"/desk/{self.name}/rules/{form}"
        return self.editor.client.post(path, data=token | fields, headers=BY_SCRIPT)


def database_of(app: Flask) -> Database:
    database: Database = app.extensions[NAME].store.database
    return database


@pytest.fixture
def rules(desk: Flask, editor: Visitor) -> Rules:
    """The rules of a new site."""
    return Rules(desk, editor)


def limits(**changed: str) -> dict[str, str]:
    """The fields of the thresholds' form; those of the model unless given."""
    fields = {"flagged": "accept", "do": "save"}
    for rule in Rule:
        fields |= {f"flag-{rule}": "0.4", f"reject-{rule}": "0.9"}
    return fields | {name.replace("_", "-"): value for name, value in changed.items()}


def value_of(page: str, name: str) -> str:
    """What a field of the page holds."""
    (tag,) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', page)
    (value,) = re.findall(r' value="([^"]*)"', tag)
    return unescape(value)


def problems_of(answer: httpx.Response) -> list[str]:
    """What the page says is wrong, field by field."""
    found = re.findall(r'<span class="problem"[^>]*>([^<]*)</span>', answer.text)
    return [unescape(problem) for problem in found]


def is_saved(answer: httpx.Response, form: str) -> bool:
    """Whether the answer leads back to the form's place on the page."""
    place = answer.headers.get("Location", "")
    return answer.status_code == 303 and place.endswith(f"/rules#{form}")


# Thresholds


def test_thresholds_are_saved_as_a_new_version(rules: Rules) -> None:
    answer = rules.send(
        "thresholds", **limits(flag_obscene="0,25", reject_obscene="", flagged="reject")
    )

    assert is_saved(answer, "thresholds")
    assert rules.now().policy_version == 2
    assert rules.now().thresholds[Rule.OBSCENE] == Thresholds(0.25, None)
    assert rules.now().flagged_until_decided is Outcome.REJECT
    assert f"Saved as {rules.name}@2" in rules.page()


def test_what_equals_the_models_own_follows_the_model(rules: Rules) -> None:
    page = rules.page()
    names = [f"{kind}-{rule}" for rule in Rule for kind in ("flag", "reject")]
    fields = {name: value_of(page, name) for name in names}

    fields |= {"flagged": "accept", "flag-obscene": "0"}
    rules.send("thresholds", do="save", **fields)

    assert rules.now().thresholds.keys() == {Rule.OBSCENE}
    assert rules.now().thresholds[Rule.OBSCENE].flag == 0.0
    assert value_of(rules.page(), "flag-obscene") == "0"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        pytest.param({"flag_obscene": "1.01"}, OUTSIDE, id="high"),
        pytest.param({"reject_personal": "-0.1"}, OUTSIDE, id="low"),
        pytest.param({"flag_personal": "nan"}, OUTSIDE, id="nan"),
        pytest.param({"flag_personal": "half"}, "This is no number.", id="no number"),
        pytest.param(
            {"flag_personal": "0.95"},
            "Flagging must not begin above rejecting.",
            id="flag above reject",
        ),
        pytest.param({"flagged": "hide"}, "Choose one of the two.", id="no outcome"),
    ],
)
def test_a_wrong_threshold_is_told_at_its_field_and_nothing_is_saved(
    rules: Rules, changed: dict[str, str], problem: str
) -> None:
    sent = limits(reject_obscene="0.77", note="Because") | limits(**changed)

    answer = rules.send("thresholds", **sent | {"note": "Because"})

    assert answer.status_code == 422
    assert problems_of(answer) == [problem]
    assert rules.now().policy_version == 1
    assert value_of(answer.text, "flag-personal") == sent["flag-personal"]
    assert '<input id="thresholds-note" name="note" value="Because"' in answer.text


def test_a_rule_that_does_not_exist_is_refused(rules: Rules) -> None:
    answer = rules.send("thresholds", **limits(flag_rude="0.5"))

    assert answer.status_code == 422
    assert rules.now().policy_version == 1


def test_a_preview_stores_nothing_and_keeps_the_form(rules: Rules) -> None:
    for number in range(3):
        rules.moderate("What the fuck is wrong with this world.", f"c{number}")

    answer = rules.send("thresholds", **limits(reject_obscene="", do="preview"))

    assert answer.status_code == 200
    said = "On the last 3 comments this would flag 3 more and reject 3 fewer."
    assert said in answer.text
    assert value_of(answer.text, "reject-obscene") == ""
    assert rules.now().policy_version == 1


def test_a_preview_says_what_would_be_let_through(rules: Rules) -> None:
    rules.moderate("What the fuck is wrong with this world.", "c")

    answer = rules.ask(
        "thresholds", **limits(flag_obscene="", reject_obscene="", do="preview")
    )

    said = "On the last 1 comment this would reject 1 fewer and let 1 rejected through."
    assert answer.json()["said"] == said
    assert f"<b>{said}</b>" in answer.json()["html"]


def test_a_script_that_asks_wrongly_gets_a_problem_document(rules: Rules) -> None:
    answer = rules.ask("thresholds", **limits(flag_obscene="2", do="preview"))

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"pointer": "/flag-obscene", "detail": OUTSIDE}]


def test_saving_what_holds_is_no_new_version(rules: Rules) -> None:
    rules.send("thresholds", **limits())

    answer = rules.send("thresholds", **limits())

    assert is_saved(answer, "thresholds")
    assert rules.now().policy_version == 2
    assert "nothing is changed" in rules.page()


# Words


def tried(answer: httpx.Response) -> dict[str, str]:
    """The fields of the form that a trial has filled in, for adding what was tried."""
    page = answer.text
    words = page[page.index('id="words"') : page.index('id="allowed"')]
    return {"do": "add", "tried": value_of(words, "tried")}


def test_a_word_is_tried_before_it_is_added(rules: Rules) -> None:
    first = rules.send("words", **WORD, do="add")
    assert first.status_code == 200
    assert rules.now().words == ()

    second = rules.send("words", **WORD, **tried(first), note="The debate")

    assert is_saved(second, "words")
    (word,) = rules.now().words
    assert (word.text, word.rule, word.strength) == ("frobnicator", "obscene", "reject")
    assert rules.sites.versions(rules.now())[0].note == "The debate"


def test_what_was_changed_after_the_trial_is_tried_again(rules: Rules) -> None:
    trial = tried(rules.send("words", **WORD, do="try"))

    answer = rules.send("words", **WORD | {"text": "dick"}, **trial)

    assert answer.status_code == 200
    assert rules.now().words == ()
    assert "“dick” (reject, obscene, with its forms)" in answer.text


def test_a_word_to_be_ignored_is_tried_on_what_was_rejected(rules: Rules) -> None:
    rules.moderate("He is a dumb idiot and a dick.", "c")

    answer = rules.send(
        "words", do="try", **WORD | {"text": "idiot", "strength": "ignore"}
    )

    text = unescape(answer.text)
    assert "stands in 1 of the last 1 rejected comment whose text is kept." in text
    assert "Shipped phrases with it still reject: “" in text
    assert "Names and places" not in text


def test_a_trial_shows_the_names_and_comments_a_word_would_be_found_in(
    rules: Rules,
) -> None:
    rules.send("thresholds", **limits(flag_personal="0"))
    rules.moderate("Fort Dick <b>is lovely</b> in spring.", "c")

    answer = rules.send("words", **WORD | {"text": "dick"}, do="try")

    text = unescape(answer.text)
    assert "Dick Schaap, Fort Dick, California" in text
    assert "Dick Cheney" in text
    assert "for of most accepted ones it is not" in text
    assert "The shipped list has it already: flag, obscene" in text
    assert '<mark class="unknown">Dick</mark> &lt;b&gt;is lovely' in answer.text


def test_what_is_wrong_with_a_word_is_told_and_the_form_is_kept(rules: Rules) -> None:
    answer = rules.send("words", **WORD | {"text": "f.*k", "rule": "rude"}, do="try")

    assert answer.status_code == 422
    first, second = problems_of(answer)
    assert first.startswith("What has * in it is never found.")
    assert second == "must be one of derogatory, personal, obscene"
    assert '<input id="word" name="text" value="f.*k"' in answer.text
    assert rules.now().policy_version == 1


def test_a_hostile_word_does_no_harm_to_the_page(rules: Rules) -> None:
    text = '"><script>alert(1)</script>'

    answer = rules.send("words", **WORD | {"text": text}, do="try")

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_a_word_is_removed(rules: Rules) -> None:
    rules.send("words", **WORD, **tried(rules.send("words", **WORD, do="try")))

    answer = rules.send("removed", word="frobnicator")

    assert is_saved(answer, "words")
    assert rules.now().words == ()


def test_comments_are_judged_by_the_new_words(rules: Rules) -> None:
    rules.send("words", **WORD, **tried(rules.send("words", **WORD, do="try")))

    verdict = rules.moderate("Only a fr0bnicator would say so.")

    assert (verdict["decision"], verdict["policy"]) == ("reject", f"{rules.name}@2")
    (reason, *_) = verdict["reasons"]
    assert (reason["rule"], reason["source"]) == ("obscene", "lexicon")
    assert reason["spans"][0]["text"] == "fr0bnicator"
    answer = rules.api.get("/v1/policy").json
    assert answer
    assert answer["policy"] == f"{rules.name}@2"


# Allow list


def test_what_is_allowed_is_tried_added_and_removed(rules: Rules) -> None:
    rules.moderate("You are an idiot of a character.", "c")
    first = rules.send("allowed", text="an idiot of a character", do="add")
    assert "stands in 1 of the last 1 rejected comment whose text is kept" in first.text
    assert rules.now().allowed == ()

    rules.send(
        "allowed",
        text="an idiot of a character",
        do="add",
        tried="an idiot of a character",
    )
    assert rules.now().allowed == ("an idiot of a character",)

    answer = rules.send("removed", phrase="An idiot of a character")
    assert is_saved(answer, "allowed")
    assert rules.now().allowed == ()


def test_a_word_of_the_sites_own_is_not_allowed_as_well(rules: Rules) -> None:
    rules.send("words", **WORD, **tried(rules.send("words", **WORD, do="try")))

    answer = rules.send("allowed", text="Frobnicator")

    assert problems_of(answer) == [
        "“Frobnicator” is among the words; remove it there first."
    ]


# Notices


def test_notices_are_worded_by_language_and_clause(rules: Rules) -> None:
    answer = rules.send(
        "notices", **{"notice-hi-obscene": "कृपया।", "notice-en-obscene": " "}
    )

    assert is_saved(answer, "notices")
    assert rules.now().notices == {"hi": {"obscene": "कृपया।"}}
    assert "कृपया।" in rules.page()


def test_readers_get_the_sites_own_wording(rules: Rules) -> None:
    rules.send("notices", **{"notice-en-obscene": "Mind your language."})

    verdict = rules.moderate("What the fuck.")

    assert verdict["notice"] == "Mind your language."


def test_a_notice_that_is_too_long_is_refused_and_kept(rules: Rules) -> None:
    answer = rules.send("notices", **{"notice-ml-held": "x" * 1001})

    assert answer.status_code == 422
    assert problems_of(answer) == ["A notice may have 1,000 characters."]
    assert "x" * 1001 in answer.text
    assert rules.now().policy_version == 1


# Versions


def test_one_click_goes_back_to_an_old_version(rules: Rules) -> None:
    rules.send("thresholds", **limits())

    answer = rules.send("versions", restore="1")

    assert is_saved(answer, "versions")
    assert (rules.now().policy_version, rules.now().thresholds) == (3, {})
    assert "Back to version 1." in rules.page("/versions")


def test_all_versions_can_be_looked_through(rules: Rules) -> None:
    for number in range(21):
        rules.sites.change(rules.now(), allowed=[f"a {number}"], by="ann", now=NOON)

    first = rules.page("/versions")
    (link,) = re.findall(r'href="[^"]*(/versions\?from=\d+)"', first)
    second = rules.page(link)

    assert first.count(f"<b>{rules.name}@") == 20
    assert re.findall(rf"<b>{rules.name}@(\d+)</b>", second) == ["2", "1"]
    assert "allowed “a 20”" in first
    assert rules.page("/versions?from=99999999999999999999") == first
    assert rules.page("/versions?from=-99999999999999999999")  # Answered, and empty.


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
def test_a_form_without_a_version_saves_nothing(rules: Rules, version: str) -> None:
    answer = rules.send("thresholds", **limits(), version=version)

    assert answer.status_code == 422
    assert rules.now().policy_version == 1


def test_nobody_saves_over_what_somebody_else_has_changed(rules: Rules) -> None:
    rules.sites.change(rules.now(), allowed=["Pig War"], by="Zoë", now=NOON)

    answer = rules.send("thresholds", version="1", **limits(flag_obscene="0.123"))

    assert answer.status_code == 409
    text = unescape(answer.text)
    section = text[text.index('id="thresholds"') :]
    assert "Zoë changed the rules in the meantime" in section
    assert "allowed “Pig War”" in text
    assert value_of(answer.text, "flag-obscene") == "0.123"
    assert rules.now().thresholds == {}

    again = rules.send(
        "thresholds",
        **limits(flag_obscene="0.123"),
        version=re.findall(r'name="version" value="(\d+)"', answer.text)[0],
    )
    assert is_saved(again, "thresholds")
    assert rules.now().allowed == ("Pig War",)


# Who may


def test_a_moderator_reads_and_changes_nothing(
    rules: Rules, moderator: Visitor
) -> None:
    path = f"/desk/{rules.name}/rules"

    page = moderator.get(path)

    assert page.status_code == 200
    assert 'name="do"' not in page.text
    assert "Editors change it." in page.text
    assert moderator.get(f"{path}/versions").status_code == 200
    for form in ("thresholds", "words", "allowed", "removed", "notices", "versions"):
        answer = moderator.post(f"{path}/{form}", version="1", **WORD)
        assert answer.status_code == 403, form
    assert rules.now().policy_version == 1


def test_a_form_that_lacks_the_sessions_token_saves_nothing(rules: Rules) -> None:
    path = f"/desk/{rules.name}/rules/removed"

    answer = rules.editor.client.post(path, data={"version": "1", "word": "x"})

    assert answer.status_code == 400
    assert rules.now().policy_version == 1
