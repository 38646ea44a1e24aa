"""From when on a conforming result counts: no culture is negative before its incubation is over."""

from __future__ import annotations

from datetime import datetime

from yimai.domain.recipe import Test
from yimai.domain.refusal import Refusal, RefusalKind

TOO_EARLY = RefusalKind(
    "sample.too_early",
    "'{value}' of test '{test}' counts from {at} on: sample {sample} was taken at {taken}, and the test needs {least}. "
    "Record it then; a result that does not conform is recorded at once.",
    "检验“{test}”的“{value}”结果自 {at} 起方为有效：样品 {sample} 取于 {taken}，该检验至少需要 {least}。"
    "请届时录入；不符合标准的结果应立即录入。",
)


def counts_from(test: Test, taken: datetime) -> datetime | None:
    """From when on a conforming result of a sample counts; None where it does at any time. taken: when it was drawn."""
    return taken + test.least.time if test.least is not None else None


def too_early(test: Test, sample: str, value: str, taken: datetime, occurred: datetime) -> Refusal | None:
    """Why a conforming value of that time does not count yet, or None if it does."""
    counts = counts_from(test, taken)
    if counts is None or occurred >= counts:
        return None
    at, drawn = (each.isoformat(timespec="minutes") for each in (counts, taken))
    return TOO_EARLY(value=value, test=test.id, sample=sample, at=at, taken=drawn, least=counts - taken)
