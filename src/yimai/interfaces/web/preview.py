"""What a form shows of what was filled in: a template and what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preview:
    """A template and what it is given."""

    template: str
    context: Mapping[str, Any]
