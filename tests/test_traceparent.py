"""The header `traceparent`, as the standard has it (W3C Trace Context, 2021)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.telemetry.traceparent import Traceparent, parse_traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "is_sampled"),
    [
        pytest.param(f"00-{TRACE}-{PARENT}-01", True, id="of section 3.2.2.5"),
        pytest.param(f"00-{TRACE}-{PARENT}-00", False, id="not sampled"),
        pytest.param(f"00-{TRACE}-{PARENT}-03", True, id="another flag, too"),
        pytest.param(f"00-{TRACE}-{PARENT}-fe", False, id="only other flags"),
        pytest.param(f"cc-{TRACE}-{PARENT}-01", True, id="a later version"),
        pytest.param(f"cc-{TRACE}-{PARENT}-01-more", True, id="a later one with more"),
    ],
)
def test_the_callers_span_is_read(header: str, is_sampled: bool) -> None:
    assert parse_traceparent(header) == Traceparent(TRACE, PARENT, is_sampled)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param(f"00-{TRACE}-{PARENT}", id="no flags"),
        pytest.param(f"00-{TRACE}-{PARENT}-01-more", id="more in the first version"),
        pytest.param(f"00-{TRACE}-{PARENT}-01-", id="a dash in the first version"),
        pytest.param(f"cc-{TRACE}-{PARENT}-01more", id="more without a dash"),
        pytest.param(f"ff-{TRACE}-{PARENT}-01", id="the version that is none"),
        pytest.param(f"00-{'0' * 32}-{PARENT}-01", id="no trace"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="no parent"),
        pytest.param(f"00-{TRACE.upper()}-{PARENT}-01", id="capitals"),
        pytest.param(f"00-{TRACE[1:]}-{PARENT}-01", id="a short trace"),
        pytest.param(f"00-{TRACE}-{PARENT}0-01", id="a long parent"),
        pytest.param(f"00-{TRACE}-{PARENT}-1", id="short flags"),
        pytest.param(f"0-{TRACE}-{PARENT}-01", id="a short version"),
        pytest.param(f"00_{TRACE}_{PARENT}_01", id="no dashes"),
        pytest.param(f"00-{TRACE}-{PARENT}-01\n", id="a line break"),
        pytest.param(f" 00-{TRACE}-{PARENT}-01", id="a blank"),
        pytest.param(
            f"00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01", id="two headers"
        ),
        pytest.param(f"00-{TRACE[:-1]}٣-{PARENT}-01", id="a digit of another script"),
        pytest.param(f"cc-{TRACE}-{PARENT}-01-{'a' * 9000}", id="very much more"),
    ],
)
def test_what_breaks_the_standard_is_as_if_it_was_not_sent(header: str | None) -> None:
    assert parse_traceparent(header) is None


@given(st.text(alphabet="0123456789abcdefAF-, \n", max_size=70))
@example(f"00-{TRACE}-{PARENT}-01")
def test_whatever_is_read_is_valid(header: str) -> None:
    found = parse_traceparent(header)

    if found is not None:
        assert (len(found.trace_id), len(found.parent_id)) == (32, 16)
        assert int(found.trace_id, 16) * int(found.parent_id, 16)
        assert set(found.trace_id + found.parent_id) <= set("0123456789abcdef")
