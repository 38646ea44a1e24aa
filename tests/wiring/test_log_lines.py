"""Lines of the log: one a refusal, with who and when; nothing that was sent, and nothing that an exception says."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

from yimai.projections.register import PersonRow
from yimai.wiring.log_lines import LONGEST, Line, plain


def record(message: str, *arguments: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("django.request", logging.WARNING, "x.py", 1, message, arguments, None)
    made.created = 1_780_000_000.25
    vars(made).update(more)
    return made


def test_a_refusal_says_when_what_and_to_whom() -> None:
    asked = SimpleNamespace(who=PersonRow("operator-01", "lingang", ("operator",)))
    line = Line().format(record("%s: %s", "Forbidden", "/en/account/administration", request=asked))
    assert line == (
        "2026-05-28T20:26:40.250+00:00 WARNING django.request: Forbidden: /en/account/administration by operator-01"
    )


def test_nobody_writes_a_line_of_his_own() -> None:
    line = Line().format(record("Not Found: %s", "/en/x\r\n2026 ERROR forged\x1b[2J\u2028"))
    assert "\n" not in line
    assert r"\x0d\x0a2026 ERROR forged\x1b[2J\x2028" in line
    assert len(plain("x" * 10_000)) == LONGEST


def test_a_failure_says_where_and_not_what() -> None:
    try:
        try:
            raise ValueError("Invented patient Pine")
        except ValueError as problem:
            raise RuntimeError("Pine again") from problem
    except RuntimeError:
        line = Line().format(record("Internal Server Error: %s", "/en/", exc_info=sys.exc_info()))
    assert "Pine" not in line
    assert line.index("ValueError") < line.index("RuntimeError")
    assert "test_log_lines.py" in line
