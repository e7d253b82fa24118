"""Strong words are found in every disguise; innocent texts are left alone."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from model.evasion import EVASIONS
from model.lexicon.matcher import Lexicon, Match, Strength, load_lexicon
from model.text import fold

STRONG = """
    fuck fucker fucking motherfucker shit bullshit shithead cunt cunts bitch bitches
    asshole assholes arsehole bastards dickhead wanker wankers twat slut sluts whore
    whores faggot nigger niggers nigga retard kike kikes chink gook wetback raghead
    towelhead tranny dumbass pussy titties douchebag scumbag fuckwit blowjob jizz
    bukkake paki cocksucker bellend knobhead asswipe shitbag fuckface
""".split()  # noqa: SIM905  fifty words in quotes fill fifty lines
SENTENCES = (
    "He is a {} and everybody knows it.",
    "What a {}!",
    "{}",
    "Listen, {}, nobody cares.",
    'The whole board are "{}" (again).',
)
FLOORS = {
    **dict.fromkeys(EVASIONS, 0.97),
    "leet": 0.96,  # digits only are numbers
    "split": 0.93,  # some split into two whole words: bulls hit, go ok
    "without_vowels": 0.85,  # what is left of a short word means too many things
    "mixed": 0.93,  # some hide all but two letters
}
"""Least share of strong words found, by disguise."""

INNOCENT = {
    "words within words": (
        "The Scunthorpe and Essex classes assess assets, assassins and embassies.",
        "A cocktail, a peacock and a shuttlecock at Hitchcock's.",
        "Analysis of the canal's arsenic by a therapist; a document on cucumbers.",
        "Titanic constitution, title, petition, competition, Uttar Pradesh.",
        "A raccoon in a cocoon, a tycoon, spicy conspicuous hospices.",
        "Shiitake, Matsushita, Yamashita, Fukushima, Phuket and Mitsubishi.",
        "Snigger, niggardly, Niger, Nigeria, Montenegro, denigrate.",
        "Grapes, drapes, scrape, therapeutic, skyscraper, parapet, rapeseed.",
        "Penistone, peninsula, happiness, Cockburn, Cumbria, Penge, Lightwater.",
    ),
    "names": (
        "Charles Dickens, Emily Dickinson, Elijah Cummings, Dick Cheney, Moby Dick.",
        "Asha Bhosle, Harshit Rana, Nishit Shah, Shital Patel, Rakshit Shetty.",
        "Justice Dixit, Akshita, Lakshit, Kunti, Fakhruddin, Parshuram, Ashit.",
        "Sextus, Titian, Janus, Anusha, Cunningham, Hancock, Babcock, Alcock.",
        "Van Dyke, Bassett, Nguyen Phuc, Fuchs, Kuntz, Koch, Focke-Wulf, Weiner.",
    ),
    "neighbours": (
        "The pen is mightier; he is an us citizen who reads this and who re-reads.",
        "Push it, wash it, finish it, and as soon as he's hit it, pass it.",
        "It's hit the road, cuts hit hard, a glass hole, mass hysteria.",
        "A blow. Job losses followed. Tesla's Model S hit the road. Plan B itched.",
        "The tit-for-tat was re-ad, then t-shirts, co-op, e-mail and X-rays came.",
    ),
    "formats": (
        "455, 717, 7175, 45s, 73rd, 53x, 900k, A55, G20, F-16, B2B, H1N1, Covid-19.",
        "p. 33, G.4.1, v1.10.1, 3.14, 01/02/2024, 10:30, 5'10\", 24/7, 50%, £5m.",
        "U.S.A., U.S., e.g., i.e., a.m., J. R. R. Tolkien, T.S. Eliot, P. T. Barnum.",
        "https://example.com/as5h1t/p?c=f0ck and someone@cum.example or @user #tag",
        "C++, C#, R&B, AT&T, Q&A, M&S, A+, A*, 2*3*4, f(x), a[2], x = y * z, A^2.",
        "S O S, U S A, A B C D E F G, T I T A N I C, a s s e s s, x y z, 1 2 3.",
        "Crossword: 4 down, f _ _ k, (4). Hangman: c _ t. Fill in: s _ _ t.",
        "Wait... what?! No!!! Really??? Soooo good, hmmmm, aaaargh, yesss, noooo!",
        "¯\\_(ツ)_/¯ :-) <3 👍🏽 ❤️ 1️⃣ 👨‍👩‍👧 🇮🇳🇬🇧 🇫🇷🇩🇪🇮🇹 🇺🇸 v 🇬🇧",
        "(untested) [sic] {code} `shell` $var && echo $(pwd) | grep -v '^#' > out.txt",
    ),
    "codes": (
        "Parts 5H17-204, CU77-1, SH17 TTY, 455-H0L3, CVN-77; colour #fa9907, b00b5.",
        "Hash 9e107d9d372bb6826bd81d3542a419d6, key 5h177y, build v5.417.3, A1:F4.",
    ),
    "readings": (
        "A chink in the armour, chinks in their armour, chinks of light.",
        "Faggots in gravy, faggots and peas, a bundle of faggots.",
        "The bitch and her pups, a brood bitch, a spaniel bitch, a bitch named Daisy.",
        "A pint of Black Cock Ale; the black cock display at dawn.",
        "Twatt in Orkney is wet. We drove through Twatt in the rain. Did it go ok?",
        "A packet of fags, the price of fags, booze and fags, out for a fag.",
        "Det er slut nu; the Chutia kingdom; Brianna Ghey; the substantia nigra.",
    ),
    "languages": (
        "Это сор, а не нос; он ел рис и сок.",
        "Μου αρέσει το νησί, και ο ήλιος.",
        "Naïve café, Zoë, Øresund, Škoda, São Paulo, façade, jalapeño, Łódź.",
        "Dick und dünn; cum laude; ad hoc; vis-à-vis; shih tzu; pho; dim sum.",
        "Tout le monde a vu le concours; der Kunde kontaktiert uns; così fan tutte.",
    ),
}


GLUED = (
    *("you{}", "stupid{}", "{}you", "#You{}", "#TheMayorIsA{}", "#{}InChief"),
    *("#themayorisa{}", "youareastupid{}"),
)
"""Words that a strong one is stuck to."""

DIGITS = str.maketrans("aeio", "4310")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


def rejected(lexicon: Lexicon, text: str) -> list[Match]:
    return [
        match
        for match in lexicon.matches(fold(text))
        if match.entry.strength is Strength.REJECT
    ]


def is_found(lexicon: Lexicon, sentence: str, disguised: str) -> bool:
    """Whether a strong match touches the disguised word in the sentence."""
    text = sentence.format(disguised)
    start = text.index(disguised)
    folded = fold(text)
    spans = [folded.span(m.start, m.end) for m in rejected(lexicon, text)]
    return any(s.start < start + len(disguised) and start < s.end for s in spans)


@pytest.mark.parametrize("name", EVASIONS)
def test_strong_words_are_found_in_disguise(lexicon: Lexicon, name: str) -> None:
    chance = Random(20)  # noqa: S311  the same disguises in every run
    cases = [
        (sentence, word, EVASIONS[name](word, chance))
        for word in STRONG
        for sentence in SENTENCES
    ]

    missed = [case for case in cases if not is_found(lexicon, case[0], case[2])]

    assert 1 - len(missed) / len(cases) >= FLOORS[name], sorted({c[2] for c in missed})


@pytest.mark.parametrize("pattern", GLUED)
def test_strong_words_are_found_glued_to_others(lexicon: Lexicon, pattern: str) -> None:
    words = [pattern.format(w.title() if "A{" in pattern else w) for w in STRONG]
    cases = [(sentence, word) for word in words for sentence in SENTENCES]

    missed = [case for case in cases if not is_found(lexicon, *case)]

    assert 1 - len(missed) / len(cases) >= 0.95, sorted({word for _, word in missed})


@pytest.mark.parametrize("word", STRONG)
@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(lambda word: word[0] + word[1:].translate(DIGITS), id="digits"),
        pytest.param(lambda word: f"{word[0]}🖕{word[2:]}", id="emoji for a letter"),
        pytest.param("  ".join, id="wide gaps"),
        pytest.param("--".join, id="doubled marks"),
        pytest.param(lambda word: f"{word[0]}.{'_'.join(word[1:])}", id="two marks"),
    ],
)
def test_strong_words_are_found_in_common_writing(
    lexicon: Lexicon, word: str, disguise: Callable[[str], str]
) -> None:
    missed = [s for s in SENTENCES if not is_found(lexicon, s, disguise(word))]

    assert missed == []


def test_strong_words_are_found_as_they_are(lexicon: Lexicon) -> None:
    missed = [
        sentence.format(word)
        for word in STRONG
        for sentence in SENTENCES
        if not is_found(lexicon, sentence, word)
    ]

    assert missed == []


@pytest.mark.parametrize(
    "text", [text for texts in INNOCENT.values() for text in texts]
)
def test_innocent_text_is_not_rejected(lexicon: Lexicon, text: str) -> None:
    assert rejected(lexicon, text) == []


def test_a_library_manual_holds_hardly_a_disguised_word(lexicon: Lexicon) -> None:
    """Every docstring of the standard library: prose, code, symbols, abbreviations."""
    folder = Path(sysconfig.get_path("stdlib"))
    manual = [
        docstring
        for file in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Module)
        if (docstring := ast.get_docstring(node))
    ]

    wrong = [text for text in manual if rejected(lexicon, text)]

    assert len(manual) > 3000
    assert len(wrong) <= len(manual) / 1000, wrong
