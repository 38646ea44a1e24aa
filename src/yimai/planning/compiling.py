"""Compiled functions that only compiled functions call: without the way in from Python, which costs as long to compile again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from numba import njit

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])
_OPTIONS: Final[dict[str, Any]] = {"cache": True, "no_cpython_wrapper": True}


def inner(function: AnyFunction) -> AnyFunction:
    """Compile it when it is first needed, and keep what was compiled beside its module."""
    return cast(AnyFunction, njit(**_OPTIONS)(function))
