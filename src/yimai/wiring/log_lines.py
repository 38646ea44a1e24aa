"""The server's own lines on standard error: what was refused to whom, and what failed; never what somebody typed."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

LONGEST: Final = 300
LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "yimai.wiring.log_lines.Line"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING"}},
}
"""Django's: requests that were refused (400 and above) and failures, whoever serves."""


class Line(logging.Formatter):
    """UTC, level, logger, what, by whom. Of an exception its kind and where it was raised, not what it says: that may hold data."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        who = getattr(getattr(record, "request", None), "who", None)
        by = f" by {who.person}" if who is not None else ""
        line = f"{at} {record.levelname} {record.name}: {plain(record.getMessage())}{by}"
        raised = record.exc_info[1] if record.exc_info else None
        return line if raised is None else f"{line}\n{self.told(raised)}"

    def told(self, raised: BaseException) -> str:
        """Kind and places of an exception and of those that led to it, the innermost last."""
        places = [f"  {each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(raised.__traceback__)]
        cause = raised.__cause__ or raised.__context__
        before = f"{self.told(cause)}\n" if cause is not None else ""
        return before + "\n".join([type(raised).__qualname__, *places])


def plain(text: str) -> str:
    """One line of a bounded length, whatever somebody put into an address."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)[:LONGEST]
