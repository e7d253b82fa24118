"""Akismet's list of sites tells what each month came to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.services import NAME
from service.settings import Settings
from tests.akismet_asked import FAIR, FOUL, HAM, SPAM, said, sent, told
from tests.fixtures_store import KEY


def test_the_month_counts_what_was_stored(settings: Settings) -> None:
    app = create_app(settings)
    client = app.test_client()
    told(client, SPAM, comment_content=FAIR)
    told(client, HAM, comment_content=FOUL)
    told(client, HAM, comment_content=f"{FAIR} Yes.")
    month = f"{datetime.now(UTC):%Y-%m}"

    listed = client.post("/1.2/key-sites", data=sent()).json
    used = client.post("/1.2/usage-limit", data=sent()).json

    assert listed == {
        month: [
            {
                "site": "default",
                "api_calls": 3,
                "spam": 1,
                "ham": 2,
                "missed_spam": 1,
                "false_positives": 1,
                "is_revoked": False,
            }
        ],
        "limit": 500,
        "offset": 0,
        "total": 1,
    }
    assert used == {
        "limit": "none",
        "usage": 3,
        "percentage": "0.00",
        "throttled": False,
    }
    app.extensions[NAME].store.database.close()


def test_the_list_comes_as_a_table_without_the_key(anyone: FlaskClient) -> None:
    query = {"api_key": KEY, "format": "csv", "month": "2024-02"}

    response = anyone.get("/1.2/key-sites", query_string=query)

    assert response.mimetype == "text/csv"
    assert response.get_data(as_text=True) == (
        "Active sites during 2024-02 (limit:500, offset: 0, total: 1)\n"
        "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked\n"
        "default,0,0,0,0,0,false\n"
    )


@pytest.mark.parametrize(
    ("limit", "offset", "rows"),
    [("1", "0", 1), ("0", "0", 0), ("5", "1", 0), ("", "", 1)],
)
def test_the_list_comes_in_pages(
    anyone: FlaskClient, limit: str, offset: str, rows: int
) -> None:
    query = {"api_key": KEY, "month": "2024-02", "limit": limit, "offset": offset}

    listed = anyone.get("/1.2/key-sites", query_string=query).json
    table = anyone.get("/1.2/key-sites", query_string=query | {"format": "csv"}).text

    assert listed is not None
    assert len(listed.pop("2024-02")) == len(table.splitlines()) - 2 == rows
    page = {"limit": int(limit or 500), "offset": int(offset or 0), "total": 1}
    assert listed == page
    assert f"(limit:{page['limit']}, offset: {page['offset']}, total: 1)" in table


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "٣", "1" * 30])
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_a_page_that_is_none_is_invalid(
    anyone: FlaskClient, name: str, value: str
) -> None:
    query = {"api_key": KEY, name: value}

    assert said(anyone.get("/1.2/key-sites", query_string=query)) == "invalid"


def test_the_list_can_be_filtered(anyone: FlaskClient) -> None:
    query = {"api_key": KEY, "filter": "another", "month": "2099-12"}

    listed = anyone.get("/1.2/key-sites", query_string=query).json

    assert listed == {"2099-12": [], "limit": 500, "offset": 0, "total": 0}


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-1", "26-01", "1999-01", "２０２６-01"]
)
def test_a_month_that_is_none_is_invalid(anyone: FlaskClient, month: str) -> None:
    query = {"api_key": KEY, "month": month}

    assert said(anyone.get("/1.2/key-sites", query_string=query)) == "invalid"
