"""What a self-test finds, and how it is told: a page of lines.  Tries nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PASSED, FAILED, NOT_TRIED = "pass", "FAIL", "-"


class Failed(Exception):
    """Something is not as it has to be; the message is a sentence for operators."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was tried, whether it is as it has to be, and what a newsroom would see.

    `passed` is None for what was not tried.
    """

    tried: str
    passed: bool | None
    said: str

    @property
    def mark(self) -> str:
        """How it came out, in one word."""
        if self.passed is None:
            return NOT_TRIED
        return PASSED if self.passed else FAILED


@dataclass(frozen=True, slots=True)
class Section:
    """All that was tried of one protocol."""

    title: str
    lines: Sequence[Line]

    @property
    def common_fault(self) -> str | None:
        """What is wrong with every line alike; None where they differ, or none is."""
        faults = {line.said for line in self.lines}
        if len(faults) > 1 or any(line.passed is not False for line in self.lines):
            return None
        return faults.pop()


def page(sections: Sequence[Section]) -> Iterator[str]:
    """The lines of a page about all of it."""
    width = max(len(line.tried) for section in sections for line in section.lines)
    for section in sections:
        yield section.title
        for line in _shown(section):
            yield f"  {line.mark:4}  {line.tried:{width}}  {line.said}"
        yield ""
    yield _summary([line for section in sections for line in section.lines])


def has_failed(sections: Sequence[Section]) -> bool:
    """Whether anything is not as it has to be."""
    return any(line.passed is False for section in sections for line in section.lines)


def _shown(section: Section) -> Sequence[Line]:
    fault = section.common_fault
    return section.lines if fault is None else [Line("everything", False, fault)]


def _summary(lines: Sequence[Line]) -> str:
    marks = [line.mark for line in lines]
    counted = (
        f"{marks.count(PASSED)} passed",
        f"{marks.count(FAILED)} failed",
        f"{marks.count(NOT_TRIED)} not tried",
    )
    return ", ".join(counted) + "."
