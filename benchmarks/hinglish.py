"""Hindi in Latin letters as Indian readers type it: ordinary comments and insults.

All of it was written for this benchmark; there is no corpus of it.  Every comment is a
sentence pattern with its slots filled, spelt in one of the ways that people spell, and
mostly followed or led by another sentence.  Leaves out who wrote it and what became of
it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

MISSPELT = 0.3
"""Share of the words with several spellings that are not in the commonest one."""

UNTAUGHT = 3
"""Every so-manieth pattern and word is kept for the comments that are held out."""

ABUSIVE_NOUNS = """gadha|gadhe|ullu|bewakoof|nalayak|kameena|jhootha|namakharam
besharam|badtameez|dhokebaaz|nikamma|anpadh|gawar|chamcha|makkaar|moorkh|buddhu
lafanga|awara|jahil|dhongi|pakhandi|kaamchor|bikau|tattu|chapri|tharki|chindi|darpok
lallu|pappu ka bhai|ullu ka pattha|gadhe ka bachcha|suar ki aulad|kutte ki dum
akal ka andha|do kaudi ka aadmi|chor ka bhai|bhikari|chirkut|fattu|ghatiya insaan
neech aadmi|besharam ki aulad|pagal|dimaag se paidal|sadak chhaap|kachra dimaag
bandar|bail buddhi|haramkhor|gira hua insaan|kaala dil wala|bhond|dhakkan|jokar
mawali|gunda|luchcha|badmaash|matlabi keeda|chuha|zameen ka bojh|nakli pandit
khota sikka|lomdi|girgit|chaploos|tuchcha|zaleel|kambakht"""

KIND_NOUNS = """accha insaan|samajhdar aadmi|imaandar|mehnati|seedha aadmi|hoshiyar
kaabil|shareef aadmi|naya aadmi|purana dost|vyast|thaka hua|padosi|shikshak|kisan
doctor|vakil|dukandar|chhatra|bujurg|pita|khiladi|jaankar|anubhavi|shaant aadmi
zimmedar|sahi aadmi|purana pathak|gaon ka ladka|sarkari karmchari|driver|mistri
kalakar|kavi|gayak|netaji|ka samarthak|sachcha dost|bhala aadmi|nek insaan|dayalu
sanskari|padha likha|vinamra|fauji ka beta|bank ka karmchari|engineer|khush|pareshan
bimar|chintit|hairan|nirash|sawdhan|jaagruk naagrik|school ka teacher|mera parichit
shahar se bahar|ghar par|abhi chhutti par|retire ho chuka|niyam ka pakka
samay ka paband|bahut purana graahak"""

WHO = """tu|tum|aap|ye neta|ye lekhak|ye editor|ye reporter|mantri ji|hamara vidhayak
sarpanch|ye patrakar|uska bhai|wo aadmi|sarkari babu|team ka coach|kaptaan|umpire
mera|padosi|thekedar|dukan wala|principal|ye bhai sahab|upar wala commentator
tera dost|tehsildar|nagar adhyaksh|bus ka conductor|pradhan|police wala|sampadak
ye expert|chacha|mukhya mantri|ye ladka|ye anchor|officer|kulpati|commissioner
wo sajjan|parshad|sachiv|is page ka admin"""

TOPICS = """sadak|bijli|paani|school|haspataal|train|bus seva|kheti|fasal|barish
budget|chunav|match|cricket|film|mehngai|petrol|naukri|pariksha|college|mandi|metro
pul|nadi|jungle|mausam|kheer|chai|tyohaar|mela|dukaan|kiraya|ration|bazaar|safai
kachra|traffic|hawa|pradushan|sona|share bazaar|ghar ka loan|pension|bima|dawai|teeka
internet|mobile|akhbaar|serial|gaana|kitaab|library|park|hockey|kabaddi|chhath|diwali
holi|eid|aam|pyaaz|tamatar|daal|doodh|chawal|bhasha|airport|railway phatak|talaab
nehar|bandh|sinchai|beej|khaad|mazdoori|toll|parking|footpath"""

PLACES = """Dilli|Mumbai|Patna|Lucknow|Jaipur|Bhopal|Indore|Kanpur|Nagpur|Pune|Ranchi
Raipur|Varanasi|Gaya|Meerut|Agra|Ajmer|Udaipur|Jodhpur|Surat|Rajkot|Gwalior|Jabalpur
Dehradun|Shimla|Amritsar|Ludhiana|Chandigarh|Gorakhpur|Prayagraj|Muzaffarpur|Dhanbad
Bilaspur|Kota|Ujjain"""

STATES = """accha|bura|mehnga|sasta|saaf|ganda|purana|naya|zaroori|mushkil|aasan
kharab|shandar|theek|band|khula|behtar|dheema|tez|adhoora|poora|taaza|garam|thanda
gehra|lamba|chhota|bada|khatarnak|surakshit|bekaar|mazedaar|swadisht|khaali|bhara hua
tuta hua|majboot|kamzor|pakka"""

WHEN = """aaj|kal|parso|is saal|pichhle saal|is hafte|subah se|raat ko|agle mahine
do din se|kai saal se|bachpan se|holi ke baad|chunav ke baad|barish ke baad|sham ko
ek mahine se|ab|lockdown ke baad|dopahar mein|roz|har saal|somvaar ko|shanivaar ko
pehle|garmi mein"""

DEEDS = """band karo|dekh lena|theek karo|saaf karwao|badal do|samjhao|padh lo
chalu karo|jaldi banao|wapas lao|sasta karo|dobara jaancho|khol do|bacha lo|sudhaaro
rok do|likh do|bhejo|dikhao|jama karo|naap lo|ginte raho|puchho|batao|sambhalo|badhao
kam karo|chhodo"""

EITHER = """{who} bilkul {p} hai|{who} to {p} nikla|{who} ek number ka {p} hai
mujhe lagta hai {who} {p} hai|sab log jaante hain ki {who} {p} hai
{who} {p} tha aur {p} hi rahega|kya {who} sach mein {p} hai
{place} mein {who} jaisa {p} nahi dekha|{who} kitna {p} hai yaar
{when} pata chala ki {who} {p} hai|bhai {who} {p} hai, maan lo
{topic} ki baat chhodo, {who} {p} hai|{who} ko {p} kehna galat nahi hai
{place} ka {who} bhi {p} hai|itna {p} aadmi maine nahi dekha
{who} aur uska parivaar {p} hai|{topic} ke mamle mein {who} {p} hai
log kehte hain {who} {p} hai|{who} pehle se hi {p} hai
jo {topic} par likhta hai wo {p} hai|mere hisaab se {who} {p} hai
{when} bhi {who} {p} tha|ye {p} {place} se aaya hai
{who} {p} hai isliye {topic} {state} hai|ek {p} ne {topic} ki khabar likhi hai
hamare mohalle mein bhi ek {p} rehta hai|{p} ko {topic} ka kaam mila hai
arre {who} to {p} hai hi|{who} {p} lagta hai mujhe|{who} se milo, {p} hai
{who} ke baare mein kya kahu, {p} hai|wo {p} phir {place} gaya"""

ABUSES = """tu {p} hai kya|abe {p}|chup kar {p}
oye {p}, {topic} ka matlab pata hai tujhe|saale {p}, {deed}|nikal yahan se {p}
tere jaise {p} ki wajah se {topic} {state} hai|{p} kahin ka
tu aur tera {who} dono {p} ho|{p} log hi aisa comment karte hain
dimaag hai ya nahi {p}|apni shakal dekh {p}|kitne ka bika hai tu {p}
aa gaya ek aur {p}|{p}, tujhe sharam nahi aati|{topic} ki baat karta hai {p}
bhag yahan se {p}|tum sab {p} ho|{p} ko likhna bhi nahi aata|ja ke {topic} dekh {p}
tere ghar wale bhi {p} hain|is {p} ko kisne admin banaya|jaa {p}, {place} wapas ja
wah re {p}, kya likha hai|{p} tera baap hai kya|maarunga ek thappad {p}
teri aukaat kya hai {p}|muh band rakh {p}|lagta hai {p} ne likha hai ye lekh
kaun hai ye {p} jo {topic} par gyan de raha hai|bol na {p}, ab kyu chup hai"""

TALK = """{topic} bahut {state} hai|{place} mein {topic} {state} hai
{when} {topic} {state} tha|bahut accha article hai|{topic} ke baare mein aur likho
{topic} ka daam {when} badh gaya|{when} {place} jaana hai
kya {place} mein bhi {topic} {state} hai|{topic} ko {deed}
sarkar ko chahiye ki {topic} {deed}|hamare yahan {topic} {state} nahi hai
{place} ki {topic} yaad aati hai|{when} se {topic} nahi aayi|mujhe {topic} pasand hai
{topic} par dhyaan dena chahiye|koi batayega ki {topic} kab {state} hoga
{place} walo, {topic} kaisi hai|itni {state} {topic} kahin nahi
{topic} ke liye dhanyavaad|aapki baat sahi hai, {topic} {state} hai
{when} {topic} ka kaam shuru hua|bachche {topic} dekh kar khush hue
{topic} aur {topic} dono {state} hain|{place} se {place} tak {topic} {state} hai
maa ne kaha {topic} {state} hai|pehle {topic} {state} tha, ab {state} hai
{topic} ki khabar padhi maine|is baar {topic} {state} rahega
{topic} ka number kya hai|{place} station par {topic} {state} mila
{when} paani bhar gaya tha {place} mein|sab milkar {topic} {deed}
{topic} sabko milna chahiye|sach kaha bhai|bilkul sahi likha hai aapne
iska hal kya hai|dhanyavaad is jaankari ke liye|{place} ke logo ko badhai
kripya {topic} par ek report likhiye|{topic} ke bina kaam nahi chalta
nayi {topic} {when} khulegi|mere bete ki {topic} {when} hai
{topic} mein {place} sabse aage hai"""

ENGLISH = """Very true.|I agree.|Please look into this.|Good reporting.
What about our area?|Thanks for sharing.|Nice article.|Who will answer for it?
Same here.|Only time will tell."""

SPELLINGS: Mapping[str, str] = {
    "bahut": "bohot bahot bhut boht",
    "nahi": "nahin nhi nai",
    "hai": "he h hain",
    "kya": "kia kyaa",
    "accha": "acha achha achchha",
    "mein": "me main mai",
    "aadmi": "admi aadmee",
    "kyu": "kyun kyo kyon",
    "wo": "woh vo",
    "ye": "yeh yhe",
    "sarkar": "sarkaar sarcar",
    "bewakoof": "bewkoof bevkuf bewkuf bewaqoof",
    "gadha": "gadhaa gdha",
    "pagal": "paagal pagl",
    "ullu": "ulloo ulu",
    "kameena": "kamina kaminaa",
    "jhootha": "jhutha jootha",
    "nalayak": "naalayak nalayk",
    "besharam": "besharm beshrm",
    "badtameez": "badtamiz battameez",
    "paani": "pani",
    "bijli": "bijlee bizli",
    "sadak": "sadhak sarak",
    "kharab": "khrab kharaab",
    "theek": "thik theak",
    "zaroori": "jaruri zaruri",
    "naukri": "nokri naukari",
    "chunav": "chunaav",
    "dhanyavaad": "dhanyawad dhanywad",
    "lagta": "lgta",
    "tera": "tra teraa",
    "bachche": "bacche bache",
    "sahi": "shi sahee",
    "log": "loag",
    "kaam": "kam",
}

_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_SLOT = re.compile(r"\{(\w+)\}")


def entries(table: str) -> list[str]:
    """What a table above holds, in its order."""
    return [entry.strip() for line in table.splitlines() for entry in line.split("|")]


class Hinglish:
    """A source of comments.

    `is_held_out` decides which patterns are used: one part is used nowhere else.  Of
    the words every UNTAUGHT-th is never used where it is false; where it is true all
    are.  So a held-out comment has a new pattern always, and new words often.
    """

    def __init__(self, *, is_held_out: bool) -> None:
        self._either = _patterns(EITHER, is_held_out)
        self._abuses = _patterns(ABUSES, is_held_out)
        self._talk = _patterns(TALK, is_held_out)
        tables = {
            "who": WHO,
            "topic": TOPICS,
            "place": PLACES,
            "state": STATES,
            "when": WHEN,
            "deed": DEEDS,
        }
        self._words = {
            slot: _words(table, is_held_out) for slot, table in tables.items()
        }
        self._insults = _words(ABUSIVE_NOUNS, is_held_out)
        self._praise = _words(KIND_NOUNS, is_held_out)

    def insult(self, chance: Random) -> str:
        """A comment that insults somebody, with one sentence or several."""
        patterns = chance.choice((self._either, self._abuses))
        return self._comment(chance.choice(patterns), self._insults, chance)

    def ordinary(self, chance: Random) -> str:
        """A comment that is fine; of some, the pattern is one that insults use too."""
        patterns = chance.choice((self._either, self._talk, self._talk))
        return self._comment(chance.choice(patterns), self._praise, chance)

    def _comment(self, pattern: str, nouns: Sequence[str], chance: Random) -> str:
        said = [self._filled(pattern, nouns, chance)]
        for _ in range(chance.choice((0, 1, 1, 2))):
            other = self._filled(chance.choice(self._talk), nouns, chance)
            said.insert(chance.randint(0, len(said)), other)
        text = chance.choice((". ", ", ", " ", "! ", "\n")).join(said)
        text = _WORD.sub(lambda word: _spelt(word[0], chance), text)
        if chance.random() < 0.15:
            text = f"{text}. {chance.choice(entries(ENGLISH))}"
        if chance.random() < 0.5:
            text = text[:1].upper() + text[1:]
        return text + chance.choice(("", "", ".", "!", "...", "?"))

    def _filled(self, pattern: str, nouns: Sequence[str], chance: Random) -> str:
        return _SLOT.sub(
            lambda slot: chance.choice(
                nouns if slot[1] == "p" else self._words[slot[1]]
            ),
            pattern,
        )


def _patterns(table: str, is_held_out: bool) -> list[str]:
    return [
        pattern
        for place, pattern in enumerate(entries(table))
        if (place % UNTAUGHT == 0) == is_held_out
    ]


def _words(table: str, is_held_out: bool) -> list[str]:
    return [
        word
        for place, word in enumerate(entries(table))
        if is_held_out or place % UNTAUGHT
    ]


def untaught() -> frozenset[str]:
    """Words that decide what a comment is and stand in held-out ones alone."""
    return frozenset(
        word
        for table in (ABUSIVE_NOUNS, KIND_NOUNS)
        for word in set(_words(table, True)) - set(_words(table, False))
    )


def _spelt(word: str, chance: Random) -> str:
    other = SPELLINGS.get(word)
    if other is None or chance.random() >= MISSPELT:
        return word
    return chance.choice(other.split())
