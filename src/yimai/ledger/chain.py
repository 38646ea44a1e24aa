"""From drafts to linked entries: in each of its subjects an entry has the next number and names the hash before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from yimai.ledger import canonical
from yimai.ledger.codec import compose
from yimai.ledger.entry import Command, Draft, Entry, Head, Link, Reading
from yimai.ledger.ledger import BadDraft

OPENED = "ledger.opened.v1"
"""The kind of a ledger's first entry, about the subject ``ledger/<id>``."""


def link(drafts: Sequence[Draft], *, ledger: str, command: Command, after: Reading) -> tuple[Entry, ...]:
    """Return the entries that the drafts become after this reading. A subject that was not read is taken to be new.

    All carry one recorded time: the reading's clock, or the recorded time of a head that was read if that is later,
    so that recorded time never goes backwards within a subject. Raises BadDraft.
    """
    if not drafts:
        raise BadDraft("there is no draft to append")
    heads = dict(after.heads)
    recorded = _recorded(drafts, after)
    entries = []
    for ordinal, draft in enumerate(drafts):
        if not draft.subjects or len(set(draft.subjects)) < len(draft.subjects):
            raise BadDraft(f"{draft.kind}: needs at least one subject and names none twice, not {draft.subjects}")
        links = [_next(subject, heads.get(subject, Head())) for subject in draft.subjects]
        try:
            entry = compose(draft, links, ledger=ledger, command=command, ordinal=ordinal, recorded=recorded)
        except BadDraft as problem:
            raise BadDraft(f"{draft.kind}: {problem}") from None
        heads.update((one.subject, Head(one.sequence, entry.hash)) for one in links)
        entries.append(entry)
    return tuple(entries)


def opening(ledger: str, *, simulated: bool, now: datetime) -> Entry:
    """Return the first entry of a new ledger, which says whether its clock and people are simulated."""
    subject = f"ledger/{ledger}"
    draft = Draft(kind=OPENED, data={"simulated": simulated}, subjects=(subject,), occurred=now)
    request = hashlib.sha256(canonical.encode(draft.data)).digest()
    command = Command(id="open", actor=subject, site=subject, request=request)
    return compose(draft, [_next(subject, Head())], ledger=ledger, command=command, ordinal=0, recorded=now)


def _next(subject: str, head: Head) -> Link:
    return Link(subject, head.sequence + 1, head.hash)


def _recorded(drafts: Sequence[Draft], after: Reading) -> datetime:
    subjects = {subject for draft in drafts for subject in draft.subjects}
    newest = [entries[-1].recorded for subject in subjects if (entries := after.entries.get(subject))]
    return max([after.now, *newest])
