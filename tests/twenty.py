"""Twenty mixed comments, as readers of a regional paper write them.

Made up for this repository.  What the model says of each is not part of them.
"""

from __future__ import annotations

from typing import Any

BRIDGE = {
    "id": "a-17",
    "url": "https://paper.example/a-17",
    "title": "Council approves a second bridge over the Ness",
}
BUSES = {
    "id": "a-18",
    "url": "https://paper.example/a-18",
    "title": "Night buses to end in March",
}
RIVER = {
    "id": "a-19",
    "url": "https://paper.example/a-19",
    "title": "Who let the sewage into the river?",
}

AUTHORS = ("Marisol", "old_harbour", "Tom K.", "Ánn", "reader77")

WRITTEN: tuple[tuple[dict[str, str], str, str], ...] = (
    (BRIDGE, "en", "Learn to read, dummy. The cost is in the third paragraph."),
    (BRIDGE, "en", "learn to read, DUMMY!! the cost is in the third paragraph"),
    (BRIDGE, "en", "You people are all the same: lazy and dishonest."),
    (BRIDGE, "en", "I hope somebody breaks your windows, you liar."),
    (BRIDGE, "en", "Four million for a bridge nobody asked for. Who signed this?"),
    (BRIDGE, "ml", "ഈ പാലം കൊണ്ട് ആർക്കാണ് പ്രയോജനം?"),
    (BRIDGE, "en", "He looks like a drowned rat on that photo."),
    (BUSES, "en", "What a stupid old cow she is, that transport lady."),
    (BUSES, "en", "Call me on 020 7946 0958 and I will tell you what happened."),
    (BUSES, "en", "What a load of crap. The buses never ran on time anyway."),
    (BUSES, "hi", "रात की बसें बंद मत करो, हम घर कैसे जाएँगे?"),
    (BUSES, "en", "Women should not be allowed to drive buses."),
    (BUSES, "en", "Fantastic piece, thank you. More of this, please."),
    (BUSES, "de", "Das ist doch alles Quatsch, liebe Redaktion."),
    (RIVER, "en", "What the fuck is wrong with this company?"),
    (RIVER, "en", "Bunch of parasites, the lot of them."),
    (RIVER, "en", "He's a crook and a liar and everybody at the harbour knows."),
    (RIVER, "en", "Shut up, you pathetic little clown."),
    (RIVER, "en", "Fat cats at the water company get fatter while we pay."),
    (RIVER, "en", "You are an embarrassment to journalism."),
)


def twenty() -> list[dict[str, Any]]:
    """The comments, as they are posted."""
    return [
        {
            "id": f"c-{number}",
            "text": text,
            "article": article,
            "language": language,
            "author": _author(number),
        }
        | ({"parent_id": f"c-{number - 1}"} if number % 5 == 4 else {})
        for number, (article, language, text) in enumerate(WRITTEN, start=1)
    ]


def _author(number: int) -> dict[str, str]:
    name = AUTHORS[number % len(AUTHORS)]
    return {"id": f"u-{AUTHORS.index(name)}", "name": name}
