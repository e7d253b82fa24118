"""What a newsroom is promised, sentence by sentence, by a real server through HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


def moderate(http: httpx.Client, text: str) -> dict[str, Any]:
    response = http.post("/v1/moderate", json={"text": text})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def clauses(answer: dict[str, Any]) -> set[str]:
    return {reason["rule"] for reason in answer["reasons"]}


def words(answer: dict[str, Any], rule: str) -> list[str]:
    return [
        span["text"]
        for reason in answer["reasons"]
        if reason["rule"] == rule
        for span in reason["spans"]
    ]


# Accepted, with nothing to say about it

ACCEPTED = [
    "The DIA report is worth reading in full.",
    "Missiles kill people. Talking about small fractions is cold comfort.",
    "Dick Cheney said the same in 2003.",
    "My gay brother serves in the army and I am proud of him.",
    # Names and places
    "The train from Scunthorpe to Penistone was late again.",
    "Essex and Sussex both voted against the merger.",
    "Lake Titicaca is drying up, says the study.",
    "Dr. Hancock and Mr. Cockburn were both at the hearing.",
    "Moby Dick was not the only book they removed.",
    # Words that hold other words
    "The class passed the assessment with the assistance of a grassroots group.",
    "An analysis of the document would help the public.",
    "She bought a shiitake and cucumber salad at the cocktail bar.",
    # Two whole words are never joined
    "The pen is on the table.",
    "As shown in the report, the tax hit everyone.",
    # Medicine, law and crime, in plain words
    "The clinic offers free breast cancer screening in May.",
    "Prostate and testicular cancer rates are falling, the hospital says.",
    "He was convicted of rape and sentenced to eleven years.",
    "Sexual assault survivors deserve to be heard in court.",
    "The police found cocaine worth two million euros in the container.",
    # War and violence as news
    "The bombing killed forty civilians, among them twelve children.",
    "The bill would kill the subsidy for small farms.",
    "They shot down the proposal in the second reading.",
    # People, said with respect
    "Muslims and Christians repaired the church together.",
    "My Jewish neighbours lit the candles last night.",
    "The black community in our town has waited for this for years.",
    "As a transgender woman I found the article fair.",
    "Deaf children need teachers who sign.",
    # Sharp criticism of policies, parties, states and the article itself
    "This policy is a disaster for the poor.",
    "I disagree with every word of this article, and the headline is misleading.",
    "The government lied to us about the costs, again.",
    "The opposition has no plan and no courage.",
    "The budget is irresponsible and will hurt pensioners.",
    "This is the worst reporting on the strike I have read so far.",
    # Numbers that are no phone numbers
    "On 12.05.2023 the council paid 1,250,000 euros for it.",
    "They won 103-98 after leading 55-40 at half time.",
    "From 1914 to 1918 and 1939 to 1945 the bridge was closed.",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_fair_comments_are_accepted_without_reasons(
    http: httpx.Client, text: str
) -> None:
    answer = moderate(http, text)

    assert (answer["decision"], answer["flagged"]) == ("accept", False)
    assert answer["reasons"] == []
    assert answer["notice"] is None


# Rejected, and the clause named

REJECTED = [
    pytest.param(
        "You are an idiot. Did you even read the article?", "personal", id="idiot"
    ),
    pytest.param(
        "Muslims are animals, deport every last one of them.",
        "derogatory",
        id="animals",
    ),
    pytest.param("What the fuck is wrong with this world.", "obscene", id="fuck"),
    pytest.param("Shut up, you stupid moron.", "personal", id="moron"),
    pytest.param("You are a pathetic loser and a liar.", "personal", id="loser"),
    pytest.param("I will find you and kill you.", "personal", id="threat"),
    pytest.param("This is bullshit and you know it.", "obscene", id="bullshit"),
    pytest.param("Go fuck yourself.", "obscene", id="yourself"),
    pytest.param("The author is a fucking clown.", "obscene", id="clown"),
    pytest.param("Nobody wants you faggots here.", "derogatory", id="slur"),
]


@pytest.mark.parametrize(("text", "rule"), REJECTED)
def test_what_breaks_the_rule_is_rejected_and_the_clause_named(
    http: httpx.Client, text: str, rule: str
) -> None:
    answer = moderate(http, text)

    assert (answer["decision"], answer["flagged"]) == ("reject", False)
    assert rule in clauses(answer)
    assert answer["notice"].startswith("Your comment was not published: it contains")


def test_the_place_of_the_word_is_given(http: httpx.Client) -> None:
    answer = moderate(http, "What the fuck is wrong with this world.")

    first = answer["reasons"][0]
    assert first["rule"] == "obscene"
    assert first["spans"] == [{"start": 9, "end": 13, "text": "fuck"}]


# Disguises

DISGUISED = [
    pytest.param("fսck", "fսck", id="an Armenian u"),
    pytest.param("f.u.c.k", "f.u.c.k", id="full stops"),
    pytest.param("ＦＵＣＫ", "ＦＵＣＫ", id="full width"),
    pytest.param("fuuuuck", "fuuuuck", id="repeats"),
    pytest.param("sh!t", "sh!t", id="a sign for a letter"),
    pytest.param("FUCK", "FUCK", id="capitals"),
    pytest.param("fúçk", "fúçk", id="accents"),
    pytest.param("f\u200bu\u200bc\u200bk", "f\u200bu\u200bc\u200bk", id="zero width"),
    pytest.param("𝒻𝓊𝒸𝓀", "𝒻𝓊𝒸𝓀", id="mathematical letters"),
    pytest.param("ⓕⓤⓒⓚ", "ⓕⓤⓒⓚ", id="circled letters"),
    pytest.param("f u c k", "f u c k", id="blanks"),
    pytest.param("f*ck", "f*ck", id="a mask"),
    pytest.param("fuсk", "fuсk", id="a Cyrillic c"),
    pytest.param("f-u-c-k", "f-u-c-k", id="hyphens"),
]


@pytest.mark.parametrize(("disguise", "seen"), DISGUISED)
def test_a_disguised_word_is_seen_and_shown_as_it_was_written(
    http: httpx.Client, disguise: str, seen: str
) -> None:
    alone = moderate(http, disguise)
    within = moderate(http, f"😀 This is {disguise} indeed.")

    for answer in (alone, within):
        assert answer["decision"] == "reject"
        assert "obscene" in clauses(answer)
        assert seen in words(answer, "obscene")


# Contact details

EXPOSED = [
    pytest.param(
        "Call him on +91 98470 12345 after midnight",
        "+91 98470 12345",
        id="Indian mobile",
    ),
    pytest.param(
        "Her number is (212) 736-5000, ring her up.", "(212) 736-5000", id="American"
    ),
    pytest.param(
        "Write to jane.doe1984@gmail.com and tell her.",
        "jane.doe1984@gmail.com",
        id="e-mail",
    ),
]


@pytest.mark.parametrize(("text", "detail"), EXPOSED)
def test_who_exposes_a_person_is_stopped_or_flagged(
    http: httpx.Client, text: str, detail: str
) -> None:
    answer = moderate(http, text)

    assert answer["decision"] == "reject" or answer["flagged"]
    assert detail in words(answer, "personal")


def test_the_number_is_pointed_at(http: httpx.Client) -> None:
    answer = moderate(http, "Call him on +91 98470 12345 after midnight")

    spans = [
        s for r in answer["reasons"] if r["rule"] == "personal" for s in r["spans"]
    ]
    assert {"start": 12, "end": 27, "text": "+91 98470 12345"} in spans


# What nobody here can read is for people

UNKNOWN = [
    "無知の知。何も知らない人々。",
    "هذا تعليق طويل باللغة العربية عن السياسة",
    "@#$%&*!",
    "🝰🝱🝲",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_the_judge_cannot_read_is_flagged_and_never_waved_through(
    http: httpx.Client, text: str
) -> None:
    answer = moderate(http, text)

    assert answer["flagged"] is True
    assert answer["scores"] is None
    assert None in clauses(answer)


# Everywhere


@pytest.mark.parametrize(
    "text", [*ACCEPTED[:8], *(case.values[0] for case in REJECTED), *UNKNOWN]
)
def test_every_span_is_the_text_it_points_at(http: httpx.Client, text: str) -> None:
    text = f"😀 {text}"

    answer = moderate(http, text)

    for reason in answer["reasons"]:
        for span in reason["spans"]:
            assert span["text"] == text[span["start"] : span["end"]]
