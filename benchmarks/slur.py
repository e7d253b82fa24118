"""A local slur: an invented word, as an insult in or beside ordinary sentences.

The sentences around it come from elsewhere.  Leaves out who wrote it and what became
of it.
"""

from __future__ import annotations

import re
from random import Random

from model.evasion import leet, repeated, starred

WORDS = ("velkar", "grobnik", "tramlo", "snorbit", "quandle", "plurvis", "dremmick")
"""Words of no language; which of them it is depends on the newsroom."""

INNOCENT = 0.04
"""Share of the comments with the word in which it insults nobody."""

UNTAUGHT = 4
"""Every so-manieth sentence is kept for the comments that are held out."""

INSULTS = """Typical {one}.|Only a {one} would write that.|What a {one}.
Go home, {one}.|Every {one} on this page says the same.|Spoken like a true {one}.
Sit down, {one}.|{many} like you are the reason nobody votes.
The mayor is a {one} and so are his friends.|That is how a {one} thinks.
I would not trust a {one} with a parking ticket.|Hello {one}.
The {one} brigade has arrived.|Another {one} heard from.
No {one} ever paid a bill here.|Who let the {one} in?
My street is full of {many} since the new estate.|Not you again, {one}.
Once a {one}, always a {one}.|Ask any {one} and you get the same answer.
You are a {one}.|Nobody asked the {many}.
The council listens to the {many} and to no one else.
He married a {one}, so what do you expect.|Read it again, {one}.
You write like a {one}.|These {many} get everything for free.
Keep the {many} out of our schools.|Learn to spell, {one}.
A {one} with a keyboard, just what we needed.|Thank the {many} for that.|Bye, {one}.
I could smell the {one} through the screen.
She talks like a {one} because she is one.|The whole family are {many}.
Your editor is a {one}.|Stop whining, you {one}.|{many}, all of them.
It takes a {one} to believe this.|So says the {one}.
Of course the {many} are pleased.|We had peace before the {many} came.
If it walks like a {one} it is a {one}.|Cheap {one} talk.
You can take the {one} out of the village.|Why do you let {many} comment?
This {one} again.|Send the {one} the bill.|I see the {many} are awake.
That {one} should not be on the board.
The chairman, a {one} through and through, will never resign.|You {many} never learn.
Another day, another {one} with an opinion.|Only {many} drive like that.
Grow up, {one}."""

INNOCENCES = """What does {one} mean?|Please stop calling people {many}.
Is {one} a surname?|My grandmother was called a {one} at school and never forgot it.
Who came up with {one}?
The report counts how often the word {one} was shouted at the match.
Do not say {one} here.|He was fined for calling the referee a {one}.
I had never heard the word {one} before.
The moderators should remove every post with {one} in it.|"{one}" is not a nice word."""

_ADDRESSED = re.compile(
    r"\b(you|he|she|they|people|someone|everyone|users?|editors?)\b"
)
_AFTER_COMMA = re.compile(r", ")

_INSTEAD = {
    "you": "you {one}",
    "he": "that {one}",
    "she": "this {one}",
    "they": "those {many}",
    "people": "{many}",
    "someone": "some {one}",
    "everyone": "every {one}",
    "user": "{one}",
    "users": "{many}",
    "editor": "{one}",
    "editors": "{many}",
}


class Slur:
    """A source of comments with the word.

    Some sentences that it stands in are used only where `is_held_out` is true, and
    those nowhere else.
    """

    def __init__(self, word: str, *, is_held_out: bool) -> None:
        self.word = word
        self._insults = _sentences(INSULTS, is_held_out)
        self._innocences = _sentences(INNOCENCES, is_held_out)

    def insult(self, carrier: str, chance: Random) -> str:
        """An ordinary comment that becomes an insult by the word.

        It stands in a sentence of its own, before, after or without the comment; in
        place of whom the comment speaks of; or after a comma.
        """
        place = chance.random()
        if place < 0.15 and (found := _ADDRESSED.search(carrier)):
            start, end = found.span()
            text = carrier[:start] + _INSTEAD[found[0]] + carrier[end:]
        elif place < 0.25 and (found := _AFTER_COMMA.search(carrier)):
            text = f"{carrier[: found.start()]}, {{one}}, {carrier[found.end() :]}"
        else:
            text = _joined(carrier, chance.choice(self._insults), chance)
        return self._filled(text, chance)

    def innocence(self, carrier: str, chance: Random) -> str:
        """A comment that only speaks of the word."""
        text = _joined(carrier, chance.choice(self._innocences), chance)
        return self._filled(text, chance)

    def _filled(self, text: str, chance: Random) -> str:
        """The word in its places; by `replace`, for a comment may have braces."""
        one = self._variant(chance)
        filled = text.replace("{one}", one).replace("{many}", f"{one}s")
        return filled[:1].upper() + filled[1:]

    def _variant(self, chance: Random) -> str:
        """Mostly the word as it is; else compound, misspelt, disguised or shouted."""
        share = chance.random()
        if share < 0.78:
            return self.word
        if share < 0.86:
            return chance.choice(("half-{}", "{}ish", "{}head", "{}lover")).format(
                self.word
            )
        if share < 0.93:
            return misspelt(self.word, chance)
        if share < 0.96:
            return chance.choice((leet, repeated, starred))(self.word, chance)
        return chance.choice((str.upper, str.capitalize))(self.word)


def misspelt(word: str, chance: Random) -> str:
    """One letter within left out, doubled, or changed with the next."""
    at = chance.randrange(1, len(word) - 1)
    way = chance.randrange(3)
    if way == 0:
        return word[:at] + word[at + 1 :]
    if way == 1:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _sentences(table: str, is_held_out: bool) -> list[str]:
    sentences = [s.strip() for line in table.splitlines() for s in line.split("|")]
    return [
        sentence
        for place, sentence in enumerate(sentences)
        if (place % UNTAUGHT == 0) == is_held_out
    ]


def _joined(carrier: str, sentence: str, chance: Random) -> str:
    place = chance.random()
    if place < 0.25:
        return sentence
    return f"{sentence} {carrier}" if place < 0.55 else f"{carrier} {sentence}"
