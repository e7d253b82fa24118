"""Sites and operators can erase, hand over and prove, by HTTP and at the shell."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from pydantic import TypeAdapter
from sqlalchemy import insert, update

from service.api.feedback_shapes import ErasedAnswer
from service.auth import key_hash
from service.reports import REPORT
from service.services import Services
from service.settings import SETTINGS
from service.store.lessons import Lessons
from service.store.retention import Sort
from service.store.schema import comments, decisions, models, shadows
from service.store.seals import Seals
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.reviewing import World, make_world, reject
from tests.samples import ACCEPTED, REJECTED
from tests.tampering import tampering
from tests.test_cli import Operator, operator
from tests.test_erasing import (
    ID,
    TRACES,
    WHO,
    checkpoint,
    everything,
    files,
    found,
    live,
    send,
    table_files,
)

__all__ = ["operator"]

ERASED = TypeAdapter(ErasedAnswer)
FOUL = "What the fuck is wrong with this world."
AUTHOR = {"id": "u/9/report", "name": "Zwackelmann"}


def moderate(client: FlaskClient, id: str, text: str = FOUL, **more: object) -> None:
    body = {"id": id, "text": text, **more}
    assert client.post("/v1/moderate", json=body).status_code == 200


# By HTTP


def test_a_site_erases_a_comment_once_and_for_all(
    client: FlaskClient, parts: Services, fresh_id: str
) -> None:
    moderate(client, fresh_id, f"{FOUL} {fresh_id}", author=AUTHOR)
    path = f"/v1/comments/{fresh_id}"

    answers = [client.delete(path) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [ERASED.validate_python(answer.json) for answer in answers] == [
        {"comments": 1, "texts": 1, "reports": 0, "appeals": 0, "models": []},
        {"comments": 0, "texts": 0, "reports": 0, "appeals": 0, "models": []},
    ]
    assert client.get(path).status_code == 404
    assert fresh_id not in everything(parts.store.database)
    moderate(client, fresh_id)
    assert client.get(path).json["revision"] == 1  # type: ignore[index]


def test_a_site_erases_an_author(
    client: FlaskClient, parts: Services, fresh_id: str
) -> None:
    for number in range(3):
        moderate(client, f"{fresh_id}-{number}", author=AUTHOR)
    moderate(client, fresh_id, text="A fair point.")
    report = {"reporter": AUTHOR["id"], "words": "Zwackelmann says no."}
    report |= {"comment": {"text": "A fair point."}}  # type: ignore[dict-item]
    client.post(f"/v1/comments/{fresh_id}/report", json=report)

    first, again = (client.delete("/v1/authors/u/9/report") for _ in range(2))

    assert first.json == {
        "comments": 3,
        "texts": 3,
        "reports": 1,
        "appeals": 0,
        "models": [],
    }
    assert (again.status_code, again.json["comments"]) == (200, 0)  # type: ignore[index]
    assert "Zwackelmann" not in everything(parts.store.database)


@pytest.mark.parametrize("kind", ["comment", "author"])
def test_what_was_never_sent_is_not_found(client: FlaskClient, kind: str) -> None:
    for id in ("never-sent", "%7F1", "%00", "x" * 201):
        answer = client.delete(f"/v1/{kind}s/{id}")

        assert answer.status_code == 404
        assert answer.json
        assert answer.json["type"] == f"/docs#unknown-{kind}"


def test_nobody_erases_on_another_site(
    client: FlaskClient, app: Flask, parts: Services, fresh_id: str
) -> None:
    moderate(client, fresh_id, author={"id": fresh_id})
    Sites(parts.store.database).create(fresh_id, by="t", now=NOON)
    key = f"rf_{fresh_id}"
    parts.accounts.create_key(fresh_id, key_hash(key), "t", NOON)
    other = {"Authorization": f"Bearer {key}"}

    for path in (f"/v1/comments/{fresh_id}", f"/v1/authors/{fresh_id}"):
        assert app.test_client().delete(path, headers=other).status_code == 404
        assert app.test_client().delete(path).status_code == 401
    assert client.get(f"/v1/comments/{fresh_id}").json["text"] == FOUL  # type: ignore[index]


def test_a_site_hears_which_versions_have_learnt_from_it(
    client: FlaskClient, parts: Services, fresh_id: str
) -> None:
    moderate(client, fresh_id)
    with parts.store.database.reading() as connection:
        key = connection.scalar(
            comments.select()
            .where(comments.c.id == fresh_id)
            .with_only_columns(comments.c.key)
        )
    assert key is not None
    version = "2026-01-01-abcdef"
    Lessons(parts.store.database).note(version, [key])
    report = parts.settings.models_dir / version / REPORT
    report.parent.mkdir(parents=True)
    report.write_text(FOUL)

    answer = client.delete(f"/v1/comments/{fresh_id}")

    assert answer.json
    assert answer.json["models"] == [version]
    assert not report.exists()


def test_a_report_that_cannot_be_removed_is_tried_again(
    client: FlaskClient, parts: Services, fresh_id: str
) -> None:
    moderate(client, fresh_id)
    report = parts.settings.models_dir / "by-hand" / REPORT
    report.mkdir(parents=True)  # A folder, which nobody takes for a report.

    answer = client.delete(f"/v1/comments/{fresh_id}")
    report.rmdir()

    assert answer.status_code == 503
    assert client.delete(f"/v1/comments/{fresh_id}").status_code == 200


# At the shell


@pytest.fixture
def world(operator: Operator) -> World:
    return make_world(operator.store)


def done(ran: Result) -> str:
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_the_operator_erases_a_comment_or_an_author(
    operator: Operator, world: World
) -> None:
    live(world)
    send(world, "quux-2", "You fool, this is the second one.")

    one = done(operator.types(f"erase --site default --comment {ID}"))
    rest = done(operator.types(f"erase --site default --author {WHO.id}"))

    assert one == "Erased: 1 comments, 2 texts, 2 reports, 1 appeals.\n"
    assert rest == "Erased: 1 comments, 1 texts, 0 reports, 0 appeals.\n"
    assert found(everything(world.database)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("erase --site default", "Name either a comment or an author."),
        (
            "erase --site default --comment a --author b",
            "Name either a comment or an author.",
        ),
        ("erase --site none --comment a", "There is no site named 'none'."),
        (
            "erase --site default --comment a",
            "This site has no comment of this id.",
        ),
        (
            "erase --site default --author a",
            "This site has named no author of this id.",
        ),
        (
            "export-person --site default --author a",
            "Nothing is stored of an author of this id.",
        ),
        ("verify-log --known 12", "'12' is no entry such as 4711:3f9a"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    operator: Operator, line: str, said: str
) -> None:
    ran = operator.types(line)

    assert ran.exit_code in (1, 2)
    assert said in ran.stderr


def test_a_person_gets_all_that_is_stored_of_them_and_nobody_elses_name(
    operator: Operator, world: World
) -> None:
    live(world)
    world.send("c-2", ACCEPTED, "Somebody else's.")
    world.review.report(world.site, "c-2", reporter=WHO.id, words="Quux is cross.")
    Lessons(world.database).note("2026-01-01-abcdef", [1])

    data = json.loads(
        done(operator.types(f"export-person --site default --author {WHO.id}"))
    )

    (comment,) = data["comments"]
    assert comment["author"] == {"id": WHO.id, "name": WHO.name}
    assert [text["revision"] for text in comment["texts"]] == [1, 2]
    assert len(comment["decisions"]) == 4
    assert len(comment["reports"]) == 2
    assert len(comment["appeals"]) == 1
    assert comment["models"] == ["2026-01-01-abcdef"]
    assert [one["words"] for one in data["complaints"]] == ["Quux is cross."]
    assert found(json.dumps(data)) == list(TRACES)
    for name in ("anna", "bela", "reader-quux"):
        assert name not in json.dumps(data)


def test_after_erasing_nothing_is_left_to_hand_over(
    operator: Operator, world: World
) -> None:
    live(world)
    operator.types(f"erase --site default --author {WHO.id}")

    ran = operator.types(f"export-person --site default --author {WHO.id}")

    assert ran.exit_code == 1


EXPORTS = {
    "export-labels": "",
    "export-person": f"--site default --author {WHO.id}",
    "differences": "--text",
    "backup": "{file}",
}
"""Commands that write what is stored of comments, and how they are typed."""
QUIET = frozenset(
    [
        # They do something about comments, and say how much.
        *(
            "erase",
            "purge",
            "verify-log",
            "replay",
            "deliver-webhooks",
            "replay-webhooks",
        ),
        # They read comments; what is written is removed (`test_learn_command`).
        *("learn",),
        # They know of none.
        *(
            "init",
            "migrate",
            "restore",
            "selftest",
            "sites",
            "create-site",
            "set-flagged",
        ),
        *("keys", "create-key", "revoke-key", "moderators", "create-moderator"),
        *("disable-moderator", "enable-moderator", "reset-password"),
        *("words", "add-word", "allow-word", "remove-word", "set-thresholds"),
        *("policy-versions", "restore-policy"),
        *("models", "promote", "rollback", "shadow"),
        *("endpoints", "add-endpoint", "remove-endpoint"),
        *("coral-secrets", "add-coral-secret", "remove-coral-secret"),
    ]
)


def test_of_every_command_it_is_known_whether_it_writes_comments(
    operator: Operator,
) -> None:
    assert set(operator.app.cli.commands) == QUIET | set(EXPORTS)


@pytest.mark.parametrize("command", EXPORTS)
def test_nothing_that_is_exported_after_erasing_tells_of_it(
    operator: Operator,
    world: World,
    command: str,
    backend: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if (command, backend) == ("backup", "postgresql"):
        pytest.skip("pg_dump writes what the tables hold, which are searched.")

    def exported(name: str) -> bytes:
        """All that the command has written, to whichever file."""
        file = tmp_path / name
        capfd.readouterr()
        ran = operator.types(f"{command} {EXPORTS[command].format(file=file)}")
        written = file.read_bytes() if file.exists() else b""
        return f"{ran.output}{capfd.readouterr().out}".encode() + written

    live(world)
    send(world, "quux-2", "You fool, the Zwirbelfink of Kuddelsund, at Quuxmann's.")
    for id, seen in ((ID, 4), ("quux-2", 1)):
        reject(world, id, seen=seen)
    name_the_shadow(world)
    assert "Zwirbelfink" in found(exported("before"))

    done(operator.types(f"erase --site default --author {WHO.id}"))

    assert found(exported("after")) == []


def name_the_shadow(world: World) -> None:
    """Give the shadow that has noticed something a version."""
    version = {"version": "2026-01-01-abcdef", "card": "{}", "stored_by": "cli"}
    with world.database.writing() as connection:
        connection.execute(insert(models).values(**version, stored_at=world.clock()))
        connection.execute(update(shadows).values(version=version["version"]))


def test_the_log_is_verified_and_its_head_can_be_kept(
    operator: Operator, world: World
) -> None:
    world.send("c-1", REJECTED)
    world.send("c-2")
    reject(world, "c-2", note="No.")

    said = done(operator.types("verify-log"))
    head = done(operator.types("verify-log --head")).strip()

    assert said == f"3 entries are as they were sealed.\nThe last one: {head}\n"
    assert re.fullmatch(r"3:[0-9a-f]{64}", head)
    world.send("c-3", ACCEPTED)
    assert done(operator.types(f"verify-log --known {head}")).startswith("4 entries")

    with tampering(world.database) as connection:
        changed = update(decisions).where(decisions.c.number == 2)
        connection.execute(changed.values(note="Yes."))
    ran = operator.types("verify-log")
    assert ran.exit_code == 1
    assert ran.stderr.startswith("Error: Entry 3 is broken: reasons, scores, notice, ")


def test_whoever_delivers_webhooks_seals_the_log(
    operator: Operator, world: World
) -> None:
    world.send("c-1", REJECTED)

    done(operator.types("deliver-webhooks --once"))

    proof = Seals(world.database).prove()
    assert (proof.head.number, proof.unsealed) == (1, 0)


def test_purging_says_what_went_and_leaves_no_trace_in_the_files(
    operator: Operator, world: World, backend: str, tmp_path: Path
) -> None:
    live(world)
    seals = Seals(world.database)
    assert seals.seal() == 4
    old = world.clock.now - timedelta(days=4000)
    with world.database.writing() as connection:
        connection.execute(update(comments).values(received_at=old))
    with tampering(world.database) as connection:
        connection.execute(update(decisions).values(decided_at=old))
        connection.execute(update(comments).values(waiting=None, waiting_since=None))
    if backend == "postgresql":
        checkpoint(world.database)
        assert found(table_files(world.database)) == list(TRACES)

    said = done(operator.types("purge --compact"))

    assert said.splitlines() == [
        "texts of rejected\t1",
        "texts of samples\t0",
        "texts of labels\t1",
        "comments\t1",
        "events\t1",
        "differences\t0",
        "reports of training\t0",
        "candidates\t0",
    ]
    assert found(everything(world.database)) == []
    if backend == "sqlite":
        assert found(files(tmp_path)) == []
    else:
        checkpoint(world.database)
        assert found(table_files(world.database)) == []


def test_every_sort_has_a_setting(operator: Operator) -> None:
    named = {s.field for s in SETTINGS if s.name.startswith("REFRAIN_KEEP_")}

    assert named == {f"keep_{sort.value}" for sort in Sort}


def test_sqlite_overwrites_what_it_deletes(
    operator: Operator, backend: str, world: World
) -> None:
    if backend == "sqlite":
        with world.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    assert sqlite3.sqlite_version_info >= (3, 30)
