"""Who holds what people race for. The database enforces the same rules by its constraints."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from yimai.ledger.entry import Claim, Entry
from yimai.ledger.ledger import ClaimNotHeld, ClaimTaken, LedgerProblem

Key = tuple[str, str]
Range = tuple[datetime, datetime]


class HeldClaims:
    """Of one kind and key, any number of ranges that do not overlap, and apart from them at most one claim without a range."""

    def __init__(self) -> None:
        self._whole: dict[Key, bytes] = {}
        self._ranges: dict[Key, list[tuple[datetime, datetime, bytes]]] = {}

    def apply_all(self, entries: Iterable[Entry]) -> None:
        """Take and free what the entries of one append claim, all or nothing, in order of kind and key.

        Raises ClaimTaken, ClaimNotHeld.
        """
        moves = [(claim, entry.hash) for entry in entries for claim in entry.claims]
        done: list[tuple[Claim, bytes]] = []
        try:
            for claim, holder in sorted(moves, key=lambda move: (move[0].kind, move[0].key)):
                done.append((claim, self.apply(claim, holder)))
        except LedgerProblem:
            for claim, holder in reversed(done):
                self.apply(replace(claim, move="free" if claim.move == "take" else "take"), holder)
            raise

    def apply(self, claim: Claim, holder: bytes) -> bytes:
        """Take the claim for the entry with the hash ``holder``, or free it; return the holder's or former holder's hash.

        Raises ClaimTaken, ClaimNotHeld.
        """
        if claim.starts is None or claim.ends is None:
            return self._apply_whole(claim, holder)
        return self._apply_range(claim, (claim.starts, claim.ends), holder)

    def held(self) -> dict[tuple[str, str, Range | None], bytes]:
        """Return every claim that is held (kind, key, range or None) with the hash of the entry that took it."""
        held: dict[tuple[str, str, Range | None], bytes] = {}
        held.update(((*key, None), holder) for key, holder in self._whole.items())
        for key, ranges in self._ranges.items():
            held.update(((*key, (starts, ends)), holder) for starts, ends, holder in ranges)
        return held

    def _apply_whole(self, claim: Claim, holder: bytes) -> bytes:
        key = (claim.kind, claim.key)
        if claim.move == "free":
            if key not in self._whole:
                raise ClaimNotHeld(claim)
            return self._whole.pop(key)
        if key in self._whole:
            raise ClaimTaken(claim)
        self._whole[key] = holder
        return holder

    def _apply_range(self, claim: Claim, during: Range, holder: bytes) -> bytes:
        starts, ends = during
        ranges = self._ranges.setdefault((claim.kind, claim.key), [])
        at = bisect_left(ranges, starts, key=itemgetter(0))
        if claim.move == "free":
            if at == len(ranges) or ranges[at][:2] != during:
                raise ClaimNotHeld(claim)
            return ranges.pop(at)[2]
        if (at < len(ranges) and ranges[at][0] < ends) or (at > 0 and ranges[at - 1][1] > starts):
            raise ClaimTaken(claim)
        ranges.insert(at, (starts, ends, holder))
        return holder
