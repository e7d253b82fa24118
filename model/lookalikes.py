"""What one character stands for: its plain form, and the Latin letter it looks like.

Compatibility forms, marks and letter names come from `unicodedata`, asked once for each
character that is met; only what no name tells is written down here.  Whether a letter
of another script is meant as Latin depends on its neighbours: `model.text` decides.
"""

# ruff: noqa: RUF001  (look-alike letters are what this table holds)

from __future__ import annotations

import re
import unicodedata

LONGEST_FORM = 3
"""A character never folds to more than this many: no text grows without bound."""

DROPPED = frozenset({"Mn", "Me", "Cf", "Cc"})
"""Categories without a shape of their own: marks, joiners, direction, control."""

SPOKEN_MARKS = frozenset(
    {*range(0x900, 0x180B), *range(0x1810, 0x1AB0), *range(0xA800, 0xAC00)}
)
"""Vowel signs of South and South-East Asian scripts: without them words are others."""

BY_CATEGORY = {"Zs": " ", "Zl": "\n", "Zp": "\n", "Pd": "-"}

NAMED = re.compile(
    r"LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL|LETTER)"
    r"(?: (?:TURNED|REVERSED|INVERTED|SIDEWAYS|SCRIPT|DOTLESS|INSULAR|CLOSED"
    r"|OPEN|BLACKLETTER|STRETCHED|BARRED|SMALL|LONG))*"
    r" (?P<letter>[A-Z])(?: WITH .*| ROTUNDA)?$"
)

WIDE_IDENTITIES = (
    range(0x3400, 0xA000),  # CJK ideographs
    range(0xAC00, 0xF900),  # Hangul, surrogates, private use
    range(0x20000, 0xE0000),  # further ideographs and what is not assigned
    range(0xE1000, 0x110000),  # private use
)
"""Blocks that stay themselves.  They are not remembered, which bounds the table."""

CHEROKEE = frozenset({*range(0x13A0, 0x1400), *range(0xAB70, 0xABC0)})
"""Letters whose capitals are the usual form: these fold upwards, as in Unicode."""

PLAIN = {
    **dict.fromkeys("‘’‚‛′‹›ʹʻʼʽ´ˈ", "'"),
    **dict.fromkeys("“”„‟″«»〝〞", '"'),
    **dict.fromkeys("\u2800\u3164\uffa0\u115f\u1160", " "),  # blank letters
    **dict.fromkeys("−⁃﹣", "-"),
    **dict.fromkeys("⁎∗⚹✱✲✳＊★☆●•■█▇", "*"),
    "⁄": "/",
    "∕": "/",
    "·": ".",
    "∙": ".",
    "‧": ".",
    "․": ".",
    "¡": "!",
    "ǃ": "!",
    "¿": "?",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ð": "d",
    "þ": "p",
    "ŋ": "n",
    "ɑ": "a",
    "ɒ": "a",
    "ɔ": "c",
    "ɛ": "e",
    "ɜ": "e",
    "ə": "e",
    "ɟ": "f",
    "ɡ": "g",
    "ƃ": "g",
    "ɣ": "y",
    "ɩ": "i",
    "ǀ": "l",
    "ʃ": "s",
    "ʊ": "u",
    "ʋ": "u",
    "ʒ": "z",
    "ƨ": "s",
    "ƽ": "s",
    "ƅ": "b",
    "ƿ": "p",
    "∂": "d",
    "∪": "u",
    "⊂": "c",
    "∩": "n",
    "∨": "v",
    "×": "x",
    "ϲ": "c",  # compatibility would make it a final sigma
    "ƛ": "l",
    "ꞵ": "b",
    "ꞓ": "c",
    # Malayalam letters without a vowel, which older texts write with a joiner
    "ൺ": "ണ്",
    "ൻ": "ന്",
    "ർ": "ര്",
    "ൽ": "ല്",
    "ൾ": "ള്",
    "ൿ": "ക്",
}
"""Characters whose plain form neither their name nor their decomposition tells."""

_FOREIGN = (
    # Cyrillic
    "аa вb сc еe нh іi јj кk мm оo рp ѕs тt уy хx ԁd ԛq ԝw һh ӏl ьb гr пn иu цu зe яr"
    " бb дd чy шw щw ѵv ѡw ғf үy ұy қk ҝk ҟk ԟk ңh ҥh ӊh ҫc ҽe ҿe өo ԍg ԃd єe жx ҳx"
    " ћh ђh џu лn љn ҏp ԏt ҭt ҷy ѳo ӕe фo ъb ҩq ԉn ӡe ӌu"
    # Greek
    " αa βb γy δd εe ζz ηn θo ιi κk λl μu νv ξe οo πn ρp σo ςc τt υu φo χx ψw ωw ϝf ϳj"
    " ϐb ϑo ϒy ϕo ϖw ϙq ϟs ϻm ϰk ϱp ϵe"
    # Armenian
    " աw բf գq եt զq էt ըn թp իh լl խu կu հh ղn յj նu ոn չs պw ջq ռn սu վu տs րr ցg ւl"
    " քp օo ֆs Սu Տs Օo Լl Շt Եt Ոn Ցg Կu Հs Ւr Բf"
    # Cherokee
    " Ꭰd Ꭱr Ꭲt Ꭵi Ꭹy Ꭺa Ꭻj Ꭼe Ꮃw Ꮇm Ꮋh Ꮍy Ꮐg Ꮒh Ꮓz Ꮟb Ꮢr Ꮤw Ꮥs Ꮩv Ꮪs Ꮮl Ꮯc Ꮲp Ꮶk"
    " Ꮷd Ᏼb Ᏻg Ꮜu Ꭶs Ꮁf Ꮖi Ꮎo Ᏸb"
    # Canadian syllabics and runes
    " ᑕc ᑢc ᑌu ᗪd ᖴf ᑭp ᖇr ᗩa ᗅa ᗷb ᗸb ᕼh ᒍj ᒪl ᗰm ᑎn ᔕs ᔑs ᐯv ᗯw ᘔz ᕮe ᗴe ᕈp ᖽk ᐸk ᖶg"
    " ᓰi ᗝo ᗞd ᑯd ᑲb ᔓs ᛕk ᚱr ᛒb ᛖm ᚠf ᚢn ᛁi ᚲc ᛏt ᚺh ᚾn ᛟo"
    # Lisu
    " ꓮa ꓐb ꓚc ꓓd ꓰe ꓝf ꓖg ꓧh ꓲi ꓙj ꓗk ꓡl ꓟm ꓠn ꓳo ꓑp ꓣr ꓢs ꓔt ꓴu ꓦv ꓪw ꓫx ꓬy ꓜz"
    # Coptic, Georgian, Tifinagh, Ethiopic
    " ⲁa ⲃb ⲉe ⲏh ⲓi ⲕk ⲙm ⲛn ⲟo ⲣp ⲥc ⲧt ⲩy ⲭx ⲱw ყy ოm იo ხb ძd ცc პe ნb ⵔo ⵏl ⵙo ⵝx"
    " ሀu ሁu ዐo ፕt ፐt ከh ኮh ነh ረs"
    # Hebrew, Arabic, Thai, Lao: what "fancy text" writers take from them
    " וl ןl סo נj חn טv שw קp ץy אx םo רr ﻮg ەo هo ہo اl"
    " คa ๒b ๔d єe เi ђh ๓m ภn ๏o ยu รs ฬw ทn กn ςc Շt ງj ລa ສa ນu ຊe"
    # Ideographs and phonetic signs used for their outline
    " 匚c 卂a 乃b 刀d 乇e 千f 卄h 丨i 丿j 爪m 几n 卩p 尺r 丂s 山w 乂x"
    " 乙z 口o 工i 凵u 马m"
    " ㄥl ㄖo ㄒt ㄩu ㄚy ㄅs ㄇn 囗o"
)
LOOKALIKES = {pair[0]: pair[1] for pair in _FOREIGN.split()}
"""Letters of other scripts, folded, and the Latin letter they pass for."""

CAPITALS = {
    **dict(zip("ΗΝΥΜΛΣΠΞΘΦΨΓΔΩ", "hnymaeneoowrao", strict=True)),
    **dict(zip("ИЙЗУЛДВ", "nneynab", strict=True)),
}
"""Capitals that pass for another letter than their small form does."""


class FoldTable(dict[str, str]):
    """Folded form of each character, found when it is first asked for.

    Filled in under the interpreter's lock: two threads that ask for one character at
    once store the same answer twice.
    """

    def __missing__(self, char: str) -> str:
        code = ord(char)
        for block in WIDE_IDENTITIES:  # any() of a generator takes twice the time.
            if code in block:
                return char
        self[char] = form = plain_form(char)
        return form


def plain_form(char: str) -> str:
    """Fold one character: lower-case, without marks, compatibility forms resolved.

    Returns:
        Empty for marks and zero-width characters; otherwise at most `LONGEST_FORM`
        characters, which fold to themselves.
    """
    if char.isascii():
        return char.lower()
    lower = char.upper() if ord(char) in CHEROKEE else char.lower()
    if len(lower) != 1:
        lower = char
    if found := PLAIN.get(lower):
        return found
    category = unicodedata.category(char)
    if category in DROPPED:
        return char if ord(char) in SPOKEN_MARKS else ""
    return BY_CATEGORY.get(category) or _named_letter(char) or _decomposed(lower)


def _named_letter(char: str) -> str | None:
    """The letter or digit that the Unicode name speaks of."""
    if found := NAMED.search(unicodedata.name(char, "")):
        return found["letter"].lower()
    digit = unicodedata.digit(char, None)
    return None if digit is None else str(digit)


def _decomposed(char: str) -> str:
    """Compatibility decomposition, folded; the character itself if that is too long."""
    parts = unicodedata.normalize("NFKD", char)
    if parts == char:
        return char
    folded = "".join(plain_form(part) for part in parts)
    return folded if 0 < len(folded) <= LONGEST_FORM else char
