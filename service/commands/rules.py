"""The operator's commands for words and policies of sites, among `service.cli`'s.

They change the policy that is in force when they run; the desk's pages the one seen.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from model.finding import Rule
from model.lexicon.entries import Forms, Strength
from service.commands.common import database, now, plainly
from service.domain import Outcome, Word
from service.errors import InvalidInput
from service.rules.changes import described, differences
from service.rules.own import (
    FORMS,
    make_note,
    make_phrase,
    make_word,
    same,
    with_phrase,
)
from service.rules.own import with_word as with_one_more
from service.rules.trial import Hits, try_word
from service.store.past import Past
from service.store.records import Site
from service.store.sites import Sites

BY = "cli"
"""Who is named as the author of a policy that was changed here."""

SHOWN = 20
"""Of the names in which a new word would be found."""

note_option = click.option("--note", default="", help="Why, for the list of versions.")


@click.command("words")
@click.argument("site")
@plainly
def list_words(site: str) -> None:
    """List a site's own words, and the phrases it allows."""
    found = Sites(database()).find(site)
    for word in found.words:
        columns = [word.text, word.rule, word.strength, word.forms]
        click.echo("\t".join(columns))
    for phrase in found.allowed:
        click.echo(f"{phrase}\tallowed")


@click.command("add-word")
@click.argument("site")
@click.argument("word")
@click.argument("rule", type=click.Choice([rule.value for rule in Rule]))
@click.argument("strength", type=click.Choice([one.value for one in Strength]))
@click.option(
    "--forms",
    type=click.Choice([forms.value for forms in FORMS]),
    default=Forms.STEM.value,
    show_default=True,
    help="With its inflections, or only as it stands.",
)
@click.option("--yes", is_flag=True, help="Do not ask, whatever it would be found in.")
@note_option
@plainly
def add_word(
    site: str, word: str, rule: str, strength: str, forms: str, yes: bool, note: str
) -> None:
    """Add a word or phrase of a site's own, after trying it; or change one.

    It is looked for as it is written, and in disguise; it is no pattern.  `ignore`
    switches a word of the shipped list off.
    """
    sites = Sites(database())
    present, made = sites.find(site), make_word(word, rule, strength, forms)
    words = with_one_more(present.words, present.allowed, made)
    tried = _tried(present, made)
    click.echo(_report(made, tried))
    if (tried.hits or tried.names) and not yes:
        click.confirm("Add it all the same?", abort=True)
    changed = sites.change(present, words=words, note=make_note(note), by=BY, now=now())
    _say(changed)


@click.command("remove-word")
@click.argument("site")
@click.argument("word")
@note_option
@plainly
def remove_word(site: str, word: str, note: str) -> None:
    """Remove a word of a site's own, or take a phrase off its allow list."""
    sites = Sites(database())
    present = sites.find(site)
    words = [one for one in present.words if same(one.text) != same(word)]
    allowed = [one for one in present.allowed if same(one) != same(word)]
    if (len(words), len(allowed)) == (len(present.words), len(present.allowed)):
        raise InvalidInput("", f"{site} has no word or allowed phrase {word!r}.")
    changed = sites.change(
        present,
        words=words,
        allowed=allowed,
        note=make_note(note),
        by=BY,
        now=now(),
    )
    _say(changed)


@click.command("allow-word")
@click.argument("site")
@click.argument("phrase")
@note_option
@plainly
def allow_word(site: str, phrase: str, note: str) -> None:
    """Have nothing found in a word or phrase, such as a name."""
    sites = Sites(database())
    present = sites.find(site)
    allowed = with_phrase(present.allowed, present.words, make_phrase(phrase))
    changed = sites.change(
        present, allowed=allowed, note=make_note(note), by=BY, now=now()
    )
    _say(changed)


@click.command("policy-versions")
@click.argument("site")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@plainly
def list_versions(site: str, limit: int) -> None:
    """List the versions of a site's policy, newest first, with what changed."""
    sites = Sites(database())
    versions = sites.versions(sites.find(site), limit=limit + 1)
    for version, older in zip(versions, [*versions[1:], None], strict=True):
        if version is versions[-1] and len(versions) > limit:
            break
        about = [f"{version.at:%Y-%m-%d %H:%M}", version.by, version.note or ""]
        click.echo("\t".join([f"{site}@{version.number}", *about]).rstrip())
        for line in differences(older.terms, version.terms) if older else ():
            click.echo(f"\t{line}")


@click.command("restore-policy")
@click.argument("site")
@click.argument("version", type=click.IntRange(1, 999_999_999))
@plainly
def restore_policy(site: str, version: int) -> None:
    """Go back to an old version of a site's policy, as a new one."""
    sites = Sites(database())
    _say(sites.restore(sites.find(site), version, by=BY, now=now()))


COMMANDS = (
    list_words,
    add_word,
    remove_word,
    allow_word,
    list_versions,
    restore_policy,
)


def _tried(site: Site, word: Word) -> Hits:
    outcome = Outcome.ACCEPT
    if word.strength is Strength.IGNORE:
        outcome = Outcome.REJECT
    return try_word(word, site.allowed, Past(database()).kept(site.id, outcome))


def _report(word: Word, tried: Hits) -> str:
    """Where a word would be found, in lines."""
    kind = "rejected" if word.strength is Strength.IGNORE else "accepted"
    lines = [
        f"“{word.text}” ({described(word)}) is found in {len(tried.hits):,} of the "
        f"last {tried.comments:,} {kind} comments whose texts are kept"
        + (" (most accepted ones are not)." if kind == "accepted" else "."),
    ]
    if tried.names:
        lines.append(f"Names it would be found in: {_some(tried.names)}.")
    if tried.spared:
        lines.append(f"Names that an allow list keeps from it: {_some(tried.spared)}.")
    return "\n".join(lines)


def _some(names: Iterable[str]) -> str:
    first, rest = list(names)[:SHOWN], list(names)[SHOWN:]
    return ", ".join(first) + (f" and {len(rest)} more" if rest else "")


def _say(site: Site) -> None:
    click.echo(f"The policy is now {site.policy}. Workers follow within 5 seconds.")
