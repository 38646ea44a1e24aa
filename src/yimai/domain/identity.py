"""Matches of identity that were refused: each is a fact, whoever tried it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from yimai.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class IdentityMatchRefused(Fact):
    """Something that belongs to another patient, or to nobody, was presented for this treatment.

    gate: the action that was tried. code, details: the refusal's.
    """

    kind: ClassVar[str] = "identity.match_refused.v1"
    treatment: str
    gate: str
    code: str
    details: Mapping[str, str]
