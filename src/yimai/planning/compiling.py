"""Compiled functions that only compiled functions call: without the way in from Python, which costs as long to compile again.
They are put into their callers, for passing their tables costs more than reading them, and count no references to arrays, which took a
quarter of a search's time: so they make none.

The compiler keeps what it made, and makes it anew when the function's own file changes; a change in what it calls, in another file, it does
not notice. So whoever serves or measures gives each version a folder of its own (``wiring/compiled_code.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from numba import njit

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])
_OPTIONS: Final[dict[str, Any]] = {"cache": True, "no_cpython_wrapper": True, "_nrt": False, "forceinline": True}


class NotCompiled(Exception):
    """Another process is compiling what would be called now: ask again within a minute."""


def inner(function: AnyFunction) -> AnyFunction:
    """Compile it when it is first needed, and keep what was compiled."""
    return cast(AnyFunction, njit(**_OPTIONS)(function))


def outer(function: AnyFunction) -> AnyFunction:
    """The same for what is called from Python; other threads go on meanwhile."""
    return cast(AnyFunction, njit(cache=True, nogil=True)(function))


def ask_first(ready: Callable[[], bool]) -> None:
    """Let ``must_be_compiled`` ask this from now on; until then all counts as compiled."""
    _ready.append(ready)


def must_be_compiled() -> None:
    """Raises NotCompiled where a page would have to wait for the compiler."""
    if not all(ready() for ready in _ready):
        raise NotCompiled


_ready: Final[list[Callable[[], bool]]] = []
