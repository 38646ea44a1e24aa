"""Pages that follow the record: what a page watches, and for which session, as a short-lived token that the live process checks
by its signature.

A page shown with ``watch`` (names of subjects such as ``treatment/T…``, or ``site/…`` for all that belongs to a site's
treatments) is drawn anew where it says ``data-live-region`` as soon as a fact about one of them is sealed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from django.core import signing

VALID: Final = timedelta(minutes=10)
"""For so long a token opens a stream, and so long at most a stream lasts; the page then gets a new one."""
MOST_SUBJECTS: Final = 200
_SALT: Final = "yimai.live"

_opened: list[str] = []


def open(address: str) -> None:
    """Let pages follow the record by the live process at this address; "": none runs."""
    _opened[:] = [address] if address else []


def origin() -> str:
    """The live process's origin, which pages may connect to; "" where none runs."""
    parts = urlsplit(_opened[0]) if _opened else None
    return f"{parts.scheme}://{parts.netloc}" if parts is not None else ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a token says. session: the mark of the session that the page was shown to."""

    session: str
    subjects: frozenset[str]


def watching(subjects: Iterable[str], session_key: str | None) -> dict[str, str]:
    """What the page's body carries to follow these subjects: address and token; nothing if there is nothing to follow."""
    watched = sorted(set(subjects))[:MOST_SUBJECTS]
    if not watched or not _opened or not session_key:
        return {}
    return {"address": _opened[0], "token": signing.dumps([mark_of(session_key), watched], salt=_SALT, compress=True)}


def mark_of(session_key: str) -> str:
    """What a session is known by without its key, which lets in whoever has it."""
    return sha256(session_key.encode()).hexdigest()


def watched_by(token: str, secret: str) -> Watch:
    """What a token says. Raises django.core.signing.BadSignature if it is forged or too old."""
    session, subjects = signing.loads(token, key=secret, salt=_SALT, max_age=VALID, fallback_keys=[])
    return Watch(session, frozenset(subjects))
