"""Editors and the operator make accounts and close them; a change ends its sessions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from service import auth, cli
from service.commands import common as command
from service.errors import InvalidInput
from service.services import NAME
from service.settings import load_settings
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import Database
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_service import built
from tests.fixtures_store import NOON, PASSWORD, Install, cheaply_hashed
from tests.visitor import Visitor

ANN = Moderator("ann", "hash", Role.MODERATOR, NOON)
NEW = "a new and longer secret"


@pytest.fixture
def accounts(database: Database) -> Accounts:
    """The accounts: `editor`, and a moderator named ann."""
    accounts = Accounts(database)
    accounts.create_moderator(ANN)
    return accounts


@pytest.fixture(scope="module")
def desk(dialect: str, install: Install) -> Iterator[Flask]:
    """An app of this module's own, with a second site named sport."""
    with built(install(dialect)) as app:
        Sites(database_of(app)).create("sport", by="test", now=NOON)
        yield app


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Of PASSWORD; made once, for that takes its time."""
    return cheaply_hashed(PASSWORD)


@pytest.fixture
def editor(desk: Flask) -> Visitor:
    """An editor of all sites, signed in."""
    visitor = Visitor.of(desk)
    visitor.sign_in("editor")
    return visitor


@pytest.fixture
def bea(desk: Flask, password_hash: str) -> str:
    """Name of a moderator of all sites whose password is PASSWORD."""
    return make(desk, password_hash)


def database_of(app: Flask) -> Database:
    database: Database = app.extensions[NAME].store.database
    return database


def make(
    app: Flask,
    password_hash: str,
    role: Role = Role.MODERATOR,
    site_id: int | None = None,
) -> str:
    name = f"bea-{uuid4().hex}"
    account = Moderator(name, password_hash, role, NOON, site_id=site_id)
    app.extensions[NAME].accounts.create_moderator(account)
    return name


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor.of(app)
    visitor.sign_in(name)
    assert visitor.is_signed_in()
    return visitor


def of(app: Flask, name: str) -> Moderator:
    moderator: Moderator | None = app.extensions[NAME].accounts.moderator(name)
    assert moderator
    return moderator


# ---- The store ----


def test_an_account_is_found_as_it_was_made(accounts: Accounts) -> None:
    bound = Moderator("bea", "hash", Role.EDITOR, NOON, site_id=1)
    accounts.create_moderator(bound)

    assert accounts.moderator("bea") == bound
    assert accounts.moderator("ann") == ANN
    assert accounts.moderator("nobody") is None


def test_all_accounts_are_listed_by_name(accounts: Accounts) -> None:
    accounts.disable("ann", NOON)

    assert [who.name for who in accounts.all_moderators()] == ["ann", "editor"]


def test_every_change_ends_the_sessions(accounts: Accounts) -> None:
    accounts.set_password("ann", "other")
    accounts.set_role("ann", Role.EDITOR, 1)
    accounts.disable("ann", NOON)
    accounts.enable("ann")
    accounts.end_sessions("ann")

    assert accounts.moderator("ann") == replace(
        ANN, password_hash="other", role=Role.EDITOR, site_id=1, session=6
    )


def test_a_change_leaves_other_accounts_alone(accounts: Accounts) -> None:
    before = accounts.moderator("editor")

    accounts.disable("ann", NOON)
    accounts.set_password("ann", "other")

    assert accounts.moderator("editor") == before


def test_the_time_of_disabling_stays(accounts: Accounts) -> None:
    accounts.disable("ann", NOON)
    accounts.disable("ann", NOON + timedelta(days=1))

    ann = accounts.moderator("ann")
    assert ann
    assert ann.disabled_at == NOON


def test_an_account_that_does_not_exist_cannot_be_changed(accounts: Accounts) -> None:
    changes: list[Callable[[], None]] = [
        lambda: accounts.disable("eve", NOON),
        lambda: accounts.enable("eve"),
        lambda: accounts.set_password("eve", "hash"),
        lambda: accounts.set_role("eve", Role.EDITOR, None),
        lambda: accounts.end_sessions("eve"),
    ]

    for change in changes:
        with pytest.raises(InvalidInput, match="There is no moderator named 'eve'"):
            change()


# ---- The operator's commands ----


class Operator:
    """Somebody at a shell, in front of one database."""

    def __init__(self, database_url: str, store: Store) -> None:
        self.app = Flask("operator")
        settings = load_settings({"DATABASE_URL": database_url})
        self.app.extensions[command.PARTS] = command.Parts(settings, store)
        cli.register(self.app)

    def types(self, line: str) -> str:
        """Run a command that succeeds; what it printed."""
        done = self.app.test_cli_runner().invoke(args=shlex.split(line))
        assert done.exit_code == 0, done.output
        return done.stdout

    def fails(self, line: str) -> str:
        """Run a command that fails; what it says."""
        done = self.app.test_cli_runner().invoke(args=shlex.split(line))
        assert done.exit_code == 1, done.output
        return done.stderr


@pytest.fixture
def operator(database_url: str, store: Store) -> Operator:
    """One whose database had its first start."""
    return Operator(database_url, store)


@pytest.mark.parametrize("name", ["automatic", "Automatic", "site"])
def test_nobody_can_be_called_what_decides_without_a_person(
    accounts: Accounts, name: str
) -> None:
    with pytest.raises(InvalidInput, match="Nobody can be called"):
        accounts.create_moderator(Moderator(name, "hash", Role.EDITOR, NOON))


def test_an_account_can_be_made_for_one_site(operator: Operator, store: Store) -> None:
    password = operator.types("create-moderator ann --site default").strip()

    ann = auth.check_password(Accounts(store.database), "ann", password)
    assert ann is not None
    assert (ann.role, ann.site_id) == (Role.MODERATOR, 1)


def test_an_account_for_a_site_that_does_not_exist_is_not_made(
    operator: Operator, store: Store
) -> None:
    assert "There is no site named 'nowhere'." in operator.fails(
        "create-moderator ann --site nowhere"
    )
    assert Accounts(store.database).moderator("ann") is None


def test_the_operator_lists_accounts(operator: Operator) -> None:
    operator.types("create-moderator ann --site default")
    operator.types("disable-moderator ann")

    first, second = operator.types("moderators").splitlines()

    assert re.fullmatch(
        r"ann\tmoderator\tdefault\t\d{4}-\d\d-\d\d\tdisabled \d{4}-\d\d-\d\d", first
    )
    assert second == "editor\teditor\tall sites\t2026-03-01\topen"


def test_the_operator_closes_and_opens_an_account(
    operator: Operator, store: Store
) -> None:
    accounts = Accounts(store.database)

    assert operator.types("disable-moderator editor") == "Disabled editor.\n"
    assert auth.check_password(accounts, "editor", PASSWORD) is None
    assert operator.types("enable-moderator editor") == "Enabled editor.\n"
    assert auth.check_password(accounts, "editor", PASSWORD) is not None


def test_the_operator_gives_a_new_password(operator: Operator, store: Store) -> None:
    password = operator.types("reset-password editor").strip()

    accounts = Accounts(store.database)
    assert auth.check_password(accounts, "editor", PASSWORD) is None
    changed = auth.check_password(accounts, "editor", password)
    assert changed is not None
    assert changed.session == 2


@pytest.mark.parametrize(
    "line", ["disable-moderator eve", "enable-moderator eve", "reset-password eve"]
)
def test_the_operator_is_told_of_a_misspelt_name(operator: Operator, line: str) -> None:
    assert "There is no moderator named 'eve'." in operator.fails(line)


# ---- The page ----


def shown_password(page: str) -> str:
    """The password that a page shows."""
    found = re.search(r'<code class="secret">(\w+)</code>', page)
    assert found, page
    return found[1]


def test_an_editor_makes_an_account_that_can_sign_in(
    editor: Visitor, desk: Flask
) -> None:
    name = f"Nimmi {uuid4().hex[:8]}"

    made = editor.post("/desk/accounts", name=name, role="moderator", site="2")

    moderator = of(desk, name)
    assert (moderator.role, moderator.site_id) == (Role.MODERATOR, 2)
    newcomer = Visitor.of(desk)
    assert newcomer.sign_in(name, shown_password(made.text)).status_code == 303
    assert newcomer.is_signed_in()


def test_a_new_password_is_shown_on_that_page_alone(editor: Visitor, bea: str) -> None:
    made = editor.post("/desk/accounts/password", name=bea)

    assert shown_password(made.text)
    assert "secret" not in editor.get("/desk/accounts").text
    assert "Location" not in made.headers


@pytest.mark.parametrize(
    ("form", "said"),
    [
        pytest.param({"name": "editor"}, "a moderator named", id="a taken name"),
        pytest.param({"name": " "}, "1 to 64 printable", id="a blank name"),
        pytest.param({"name": "x" * 65}, "1 to 64 printable", id="a long name"),
        pytest.param({"name": "a\x00b"}, "1 to 64 printable", id="a name with NUL"),
        pytest.param({"role": "owner"}, "Choose a role.", id="no such role"),
        pytest.param({"site": "99"}, "Choose a site.", id="no such site"),
        pytest.param({"site": "x"}, "Choose a site.", id="no site at all"),
    ],
)
def test_a_wrong_field_is_told_on_the_page_and_nothing_is_made(
    editor: Visitor, desk: Flask, form: dict[str, str], said: str
) -> None:
    before = desk.extensions[NAME].accounts.all_moderators()

    answer = editor.post(
        "/desk/accounts", **({"name": "neu", "role": "moderator", "site": ""} | form)
    )

    assert answer.status_code == 422
    assert said in answer.text
    assert desk.extensions[NAME].accounts.all_moderators() == before


def test_a_name_with_markup_is_shown_as_it_is(editor: Visitor, desk: Flask) -> None:
    name = f"<b onclick='x'>{uuid4().hex[:8]}"

    editor.post("/desk/accounts", name=name, role="moderator", site="")

    assert "<b onclick" not in editor.get("/desk/accounts").text
    assert of(desk, name)


def test_an_editor_changes_what_an_account_may_do(
    editor: Visitor, desk: Flask, bea: str
) -> None:
    answer = editor.post("/desk/accounts/change", name=bea, role="editor", site="2")

    assert answer.status_code == 303
    assert (of(desk, bea).role, of(desk, bea).site_id) == (Role.EDITOR, 2)
    assert f"{bea} is an editor now." in editor.get("/desk/accounts").text


@pytest.mark.parametrize("act", ["change", "password", "disable", "enable"])
def test_what_editors_do_to_an_account_ends_its_sessions(
    editor: Visitor, desk: Flask, bea: str, act: str
) -> None:
    visitor = signed_in(desk, bea)

    editor.post(f"/desk/accounts/{act}", name=bea, role="moderator", site="")

    assert not visitor.is_signed_in()
    assert editor.is_signed_in()


def test_a_disabled_account_signs_in_again_only_once_it_is_enabled(
    editor: Visitor, desk: Flask, bea: str
) -> None:
    editor.post("/desk/accounts/disable", name=bea)
    assert Visitor.of(desk).sign_in(bea).status_code == 403

    editor.post("/desk/accounts/enable", name=bea)
    assert Visitor.of(desk).sign_in(bea).status_code == 303


@pytest.mark.parametrize("act", ["change", "password", "disable", "enable"])
def test_editors_cannot_lock_themselves_out(
    editor: Visitor, desk: Flask, act: str
) -> None:
    before = of(desk, "editor")

    answer = editor.post(
        f"/desk/accounts/{act}", name="editor", role="moderator", site=""
    )

    assert answer.status_code == 403
    assert of(desk, "editor") == before


@pytest.mark.parametrize("act", ["change", "password", "disable", "enable"])
def test_an_account_that_does_not_exist_is_not_found(editor: Visitor, act: str) -> None:
    answer = editor.post(f"/desk/accounts/{act}", name="eve", role="editor", site="")

    assert answer.status_code == 404


def test_an_editor_of_one_site_has_to_do_with_its_accounts_alone(
    desk: Flask, password_hash: str, bea: str
) -> None:
    local = signed_in(desk, make(desk, password_hash, Role.EDITOR, site_id=2))
    colleague = make(desk, password_hash, site_id=2)

    page = local.get("/desk/accounts").text

    assert colleague in page
    assert bea not in page
    assert "All sites" not in page
    assert local.post("/desk/accounts/disable", name=bea).status_code == 404
    assert local.post("/desk/accounts/disable", name=colleague).status_code == 303


@pytest.mark.parametrize("site", ["", "1"])
def test_an_editor_of_one_site_gives_nobody_another(
    desk: Flask, password_hash: str, site: str
) -> None:
    local = signed_in(desk, make(desk, password_hash, Role.EDITOR, site_id=2))
    colleague = make(desk, password_hash, site_id=2)

    made = local.post("/desk/accounts", name="x", role="moderator", site=site)
    changed = local.post(
        "/desk/accounts/change", name=colleague, role="moderator", site=site
    )

    assert (made.status_code, changed.status_code) == (422, 422)
    assert of(desk, colleague).site_id == 2


# ---- One's own password ----


def change(visitor: Visitor, **fields: str) -> int:
    """Try to change one's password; the status."""
    form = {"present": PASSWORD, "password": NEW, "again": NEW} | fields
    return visitor.post("/desk/password", **form).status_code


def test_a_new_password_holds_and_ends_the_other_sessions(
    desk: Flask, bea: str
) -> None:
    here, elsewhere = signed_in(desk, bea), signed_in(desk, bea)

    assert change(here) == 303

    assert here.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert Visitor.of(desk).sign_in(bea).status_code == 403
    assert Visitor.of(desk).sign_in(bea, NEW).status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"present": "x"}, "Your present password is", id="present"),
        pytest.param({"again": "x"}, "not typed the same twice", id="again"),
        pytest.param(
            {"password": "short", "again": "short"}, "at least 12", id="too short"
        ),
    ],
)
def test_a_wrong_password_form_says_so_at_the_field_and_changes_nothing(
    desk: Flask, bea: str, fields: dict[str, str], said: str
) -> None:
    here, before = signed_in(desk, bea), of(desk, bea)
    form = {"present": PASSWORD, "password": NEW, "again": NEW} | fields

    answer = here.post("/desk/password", **form)

    assert answer.status_code == 422
    assert re.search(f'class="problem"[^>]*>[^<]*{said}', answer.text)
    assert of(desk, bea) == before


def test_the_present_password_cannot_be_guessed_at_an_unlocked_desk(
    desk: Flask, bea: str
) -> None:
    here = signed_in(desk, bea)

    guesses = [change(here, present=f"guess {n}") for n in range(6)]

    assert guesses == [422] * 5 + [429]
    assert change(here) == 429


def test_who_guesses_at_the_sign_in_keeps_nobody_from_a_new_password(
    desk: Flask, bea: str
) -> None:
    here, stranger = signed_in(desk, bea), Visitor.of(desk)
    guesses = [stranger.sign_in(bea, f"guess {n}").status_code for n in range(6)]

    assert guesses == [403] * 5 + [429]
    assert change(here) == 303
