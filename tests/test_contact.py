"""Phone numbers, e-mail and street addresses that expose a person are found, whole."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.contacts.finder import find_contacts
from model.contacts.text import DOUBTFUL, SURE
from model.finding import Rule, Source


def seen(text: str) -> list[tuple[str, float, str]]:
    """Detail, score and covered text of everything found."""
    return [
        (found.detail, found.score, text[span.start : span.end])
        for found in find_contacts(text)
        for span in found.spans
    ]


def marked(sentence: str) -> tuple[str, list[str]]:
    """A sentence without its brackets, and what stood in them."""
    parts = sentence.split("⟦")
    inner = [part.split("⟧")[0] for part in parts[1:]]
    return sentence.replace("⟦", "").replace("⟧", ""), inner


SURE_PHONES = [
    "Call him on ⟦+91 98470 12345⟧ after midnight.",
    "Her number is ⟦098470 12345⟧, tell her what you think.",
    "His number is ⟦9847012345⟧.",
    "⟦9847012345⟧ is his number, have fun.",
    "Ring the judge at ⟦0471-2345678⟧ tonight",
    "Landline ⟦0484 2345678⟧, mob-⟦9847012345⟧",
    "Speak to her: ⟦(0471) 2345678⟧!",
    "He is at ⟦011-23456789⟧ in Delhi.",
    "This coward's phone: ⟦+44 20 7946 0958⟧",
    "Reach him on ⟦+44 (0)20 7946 0958⟧.",
    "She picks up at ⟦020 7946 0958⟧ every evening.",
    "Try ⟦(212) 555-0123⟧, it is his flat.",
    "⟦212-555-0123⟧ is where he hides",
    "⟦212.555.0123⟧ - ask for the liar",
    "Call me ⟦212 555 0123⟧",
    "Call me ⟦2125550123⟧ or ⟦1-212-555-0123⟧",
    "From abroad ⟦0091 98470 12345⟧ or ⟦91-9847012345⟧.",
    "He moved to Dubai: ⟦+971 50 123 4567⟧",
    "WhatsApp ⟦9847 012 345⟧ please",
    "Two mobiles, ⟦98470 12345⟧/⟦98470 54321⟧, same thug.",
    "Message wa.me/⟦919847012345⟧ and tel:⟦+12125550123⟧",
    "ph⟦9847012345⟧ or ph:⟦98470-12346⟧",
    "Get him on ⟦+919847012345⟧ 24 hours",
    "It was ⟦98470-12345⟧, I saved it.",
    "ഇതാണ് നമ്പർ ⟦98470 12345⟧",
    "Dial ⟦+61 412 345 678⟧ and scream.",
]
DISGUISED_PHONES = [
    "Try ⟦nine eight four seven zero one two three four five⟧ tonight.",
    "⟦Nine-eight-four-seven-zero, one-two-three-four-five⟧!",
    "⟦double nine eight four seven zero one two three four⟧ it is",
    "Ring ⟦98470-one2345⟧ now",
    "my number: ⟦9847O12345⟧",
    "phone ⟦９８４７０１２３４５⟧ for fun",
    "call ⟦९८४७० १२३४५⟧ today",
    "his number ⟦൯൮൪൭൦൧൨൩൪൫⟧",
    "call ⟦9️⃣8️⃣4️⃣7️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣⟧",
    "call ⟦98470\u200b12345⟧ at home",
    "call ⟦⑨⑧④⑦⓪①②③④⑤⟧ at home",
    "text me ⟦9 8 4 7 0 1 2 3 4 5⟧",
    "text me ⟦9.8.4.7.0.1.2.3.4.5⟧",
    "text me ⟦98470..12345⟧",
    "call ⟦+91\u00a098470\u201112345⟧",
]
DOUBTFUL_PHONES = [
    "Ramesh ⟦9847012345⟧ knows it all.",
    "As ⟦555.867.5309⟧ would say.",
    "As ⟦+1-555-867-5309⟧ would say.",
    "The figures ⟦212 555 0123⟧ mean something.",
    "⟦9 8 4 7 0 1 2 3 4 5⟧ you know who",
    "Call ⟦555-0123⟧ and ask.",
    "Ring me on ⟦2345678⟧.",
    "The collector's office is at ⟦0471-2345678⟧.",
    "Call your senator at ⟦(202) 224-3121⟧ now.",
    "Phone the Commons, ⟦020 7219 3000⟧.",
    "The helpline is ⟦+91 98470 12345⟧.",
    "⟦9847012345⟧@ybl takes your money.",
]
SURE_EMAILS = [
    "Write to ⟦john.smith77@gmail.com⟧ and tell him.",
    "⟦A.B+news@Yahoo.co.in⟧, he reads it all",
    "mail ⟦name (at) gmail (dot) com⟧",
    "mail ⟦name[at]rediffmail.com⟧",
    "mail ⟦john at gmail dot com⟧",
    "He is ⟦john_smith at hotmail.com⟧",
    "email me: ⟦johnny at yahoo.com⟧",
    "send it to ⟦johnny @ gmail . com⟧",
    "it is ⟦johnny@gmail⟧, you know",
    "ｗｒｉｔｅ ｔｏ ⟦ｊｏｈｎｎｙ＠ｇｍａｉｌ．ｃｏｍ⟧",
    "(⟦johnny@web.de⟧)",
    "https://x.example/?mail=⟦johnny@gmail.com⟧",
    "⟦9847012345@gmail.com⟧ is hers",
]
DOUBTFUL_EMAILS = [
    "Ask ⟦johnny@nytimes.com⟧ about it.",
    "⟦j.doe@cs.some-university.ac.uk⟧ taught us that.",
    "reach ⟦johnny (at) company (dot) com⟧",
]
SURE_ADDRESSES = [
    "He is at ⟦221B Baker Street, London NW1 6XE⟧, go there.",
    "⟦12/4 MG Road, Bengaluru 560001⟧ is where the traitor lives",
    "Find them: ⟦TC 25/1234, Statue Road, Thiruvananthapuram 695001⟧.",
    "⟦H.No. 4-5-6, Street 3, Hyderabad - 500001⟧",
    "⟦1234 Maple Ave, Apt 5, Springfield, IL 62704⟧ is his home",
    "⟦12 High St, Oxford OX1 4AA⟧",
    "⟦14 elm street, springfield, il 62704⟧ come get some",
    "⟦88 Queen Street, Toronto, ON M5H 2N2⟧",
    "She lives at ⟦14 Elm Street⟧.",
    "he still lives at ⟦14 elm street⟧ with his mum",
    "Her address is ⟦12 Gandhi Nagar Road⟧.",
    "Her address: ⟦Flat 4, Rose Villa, Park Road, Kochi 682001⟧",
    "You will find him at ⟦7 Church Lane⟧ any night",
    "⟦Kizhakkedath House, Kumaranalloor P.O., Kottayam 686016⟧",
    "Visit him at ⟦No. 12, 4th Cross⟧ tonight",
    "⟦Plot No 45, Film Nagar, Hyderabad 500 033⟧",
]
DOUBTFUL_ADDRESSES = [
    "It is ⟦Flat 4B, 2nd Floor⟧, the one with the flag.",
    "⟦H.No. 12, Gandhi Nagar⟧ has a big car",
    "⟦742 Evergreen Terrace, Springfield, OR⟧",
    "The office is at ⟦12 Market Street, San Francisco, CA 94105⟧.",
    "Send cheques to ⟦12/4 MG Road, Bengaluru 560001⟧.",
    "⟦Villa 12, Palm Towers⟧ says it all",
]


@pytest.mark.parametrize(
    ("sentence", "detail", "score"),
    [
        pytest.param(sentence, detail, score, id=sentence)
        for sentences, detail, score in [
            (SURE_PHONES, "phone", SURE),
            (DISGUISED_PHONES, "phone", SURE),
            (DOUBTFUL_PHONES, "phone", DOUBTFUL),
            (SURE_EMAILS, "email", SURE),
            (DOUBTFUL_EMAILS, "email", DOUBTFUL),
            (SURE_ADDRESSES, "address", SURE),
            (DOUBTFUL_ADDRESSES, "address", DOUBTFUL),
        ]
        for sentence in sentences
    ],
)
def test_the_whole_contact_and_nothing_else_is_covered(
    sentence: str, detail: str, score: float
) -> None:
    text, inner = marked(sentence)

    assert seen(text) == [(detail, score, part) for part in inner]


def test_a_comment_may_hold_all_three() -> None:
    text = (
        "Ravi Nair, 12/4 MG Road, Bengaluru 560001, +91 98470 12345, "
        "ravi.nair@gmail.com. You know what to do."
    )

    assert seen(text) == [
        ("address", SURE, "12/4 MG Road, Bengaluru 560001"),
        ("phone", SURE, "+91 98470 12345"),
        ("email", SURE, "ravi.nair@gmail.com"),
    ]


def test_a_finding_breaks_the_rule_on_persons_and_has_no_attribute() -> None:
    [finding] = find_contacts("Call him on +91 98470 12345")

    assert finding.rule is Rule.PERSONAL
    assert finding.attribute is None
    assert finding.source is Source.CONTACT


def test_spans_count_code_points_behind_emoji_and_marks() -> None:
    text = "😀👨‍👩‍👧 cafe\u0301 \u200b+91 98470 12345"

    assert seen(text) == [("phone", SURE, "+91 98470 12345")]


@pytest.mark.parametrize(
    "decoy", ["98470 11111, ", "1800 425 1234, ", "1 2 3 4 5 6 7 8 9 0 1 2, "]
)
def test_no_number_hides_behind_a_crowd_of_others(decoy: str) -> None:
    found = seen(decoy * 300 + "98470 54321")

    assert found[-1][:2] == ("phone", DOUBTFUL)
    assert len(found) < 50


PIECES = [
    *["98470", "12345", "+91", "555", "0", "9", "1-", "(212)", "nine", "one", "double"],
    *["@", "gmail.com", "at", "(at)", "dot", "a.b", "call", "lives at", "Elm Street"],
    *["Flat", "H.No.", "695001", "NW1 6XE", "IL 62704", ",", ".", " ", "\n", "/", "\0"],
    *[
        "\ud800",
        "\u200b",
        "\u0665",
        "９",
        "①",
        "\u20e3",
        "ß",
        "İ",
        "😀",
        "e\u0301",
        "wa.me/",
    ],
]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_gives_spans_inside_it_that_do_not_overlap(text: str) -> None:
    spans = [span for found in find_contacts(text) for span in found.spans]

    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start for end, span in zip(ends, spans, strict=False))
    assert all(span.start < span.end <= len(text) for span in spans)


@given(st.lists(st.sampled_from([*PIECES, " ", " "]), max_size=30).map(" ".join))
def test_the_same_text_gives_the_same_findings(text: str) -> None:
    assert find_contacts(text) == find_contacts(text)


def cost_s(call: Callable[[], object]) -> float:
    """Least CPU time of three calls, in seconds."""
    costs = []
    for _ in range(3):
        start = time.thread_time()
        call()
        costs.append(time.thread_time() - start)
    return min(costs)


@pytest.mark.parametrize(
    "piece",
    [
        *[
            "1 ",
            "0 ",
            "1",
            "9*",
            "1-",
            "1.",
            "+91 ",
            "+91",
            "+91 98470 12345 ",
            "(",
            "()",
        ],
        *["98470 12345 ", "9847012345,", "(212) 555-0123 ", "0471-2345678 ", "1 800 "],
        *[
            "@",
            "a@",
            "a@a.",
            "a.",
            "a-",
            "a(at)",
            "dot ",
            " at ",
            "a at gmail dot com ",
        ],
        *[
            "nine eight ",
            "one ",
            "nine8",
            "o",
            "1l",
            "call ",
            "call 1 ",
            "text 2345678 ",
        ],
        *[
            "1 road ",
            "12 elm street ",
            "12 a b c d e ",
            "12th ",
            "h.no 1, 560001 ",
            "1/",
        ],
        *["flat 4, ", "lives at 1 a ", "x House, P.O. 1 ", "1\n", "٣ ", "൯", "\u200b9"],
    ],
)
def test_ten_thousand_hostile_characters_cost_milliseconds(piece: str) -> None:
    # Measured: none above 4 ms.  Anything quadratic would take seconds.
    text = (piece * 10_000)[:10_000]

    assert cost_s(lambda: find_contacts(text)) < 0.2
