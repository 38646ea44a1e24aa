"""How every action decides: read facts, ask the rule, append; re-decide at most three times if something moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from yimai.domain import approval
from yimai.domain import person as people
from yimai.domain.base import Base
from yimai.domain.fact import Fact, Meaning, Signature, draft, subject
from yimai.domain.facts import decode
from yimai.domain.identifier import LETTERS, RANDOM_BYTES, mint, noun_of
from yimai.domain.identity import IdentityMatchRefused
from yimai.domain.reason import listed
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.refusals import REFUSALS
from yimai.domain.vein import Vein, vein_of
from yimai.ledger.entry import Command, Deposit, Entry, Reading
from yimai.ledger.ledger import ClaimTaken, CommandReused, Conflict, Ledger

ATTEMPTS: Final = 3

TRY_AGAIN = RefusalKind(
    "decision.try_again",
    "Others were changing the same record ({subject}). Look at what changed and try again.",
    "其他人正在修改同一记录（{subject}）。请查看变化后重试。",
)
TAKEN = RefusalKind(
    "decision.taken",
    "Somebody else has just taken {kind} {key}. Choose another.",
    "{kind} {key} 刚被他人占用。请另选。",
)
COMMAND_REUSED = RefusalKind(
    "decision.command_reused",
    "This request number was already used for a different request. Reload the page and enter it again.",
    "该请求编号已用于另一请求。请刷新页面后重新录入。",
)
IN_FUTURE = RefusalKind(
    "decision.in_future",
    "The time given ({occurred}) lies after the server's time ({now}). Correct the time.",
    "所填时间（{occurred}）晚于服务器时间（{now}）。请更正。",
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command wrote (or had already written, when it was repeated)."""

    entries: tuple[Entry, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(decode(entry) for entry in self.entries)


Answer = Done | Refusal


class Seen:
    """What an action has read, and the time at which the thing asked for happens.

    A subject that was not read yet is read when it is asked for; the append stands on everything that was read.
    """

    def __init__(self, ledger: Ledger, command: Command, subjects: Sequence[str]) -> None:
        self._ledger = ledger
        self.reading = ledger.about(*subjects)
        self.command = command
        self.now = self.reading.now
        zone = timezone(timedelta(minutes=command.zone))
        self.at: datetime = command.occurred or self.now.astimezone(zone)

    def entries(self, noun: str, identifier: str) -> tuple[Entry, ...]:
        name = subject(noun, identifier)
        if name not in self.reading.heads:
            more = self._ledger.about(name)
            heads = {**self.reading.heads, **more.heads}
            self.reading = Reading(self.now, heads, {**self.reading.entries, **more.entries})
        return self.reading.entries.get(name, ())

    def facts(self, noun: str, identifier: str) -> tuple[tuple[Fact, Entry], ...]:
        return tuple((decode(entry), entry) for entry in self.entries(noun, identifier))

    def vein(self, treatment: str) -> Vein:
        return vein_of(self.entries("treatment", treatment))

    def person(self, identifier: str) -> people.Person:
        person = people.Person()
        for fact, entry in self.facts("person", identifier):
            person = people.evolve(person, fact, entry)
        return person

    def sign(self, signer: str, meaning: Meaning) -> Signature:
        """Return the signer's signature at the time of the command."""
        return self.person(signer).sign(meaning, self.at)

    def recipe(self, identifier: str, version: str = "") -> Recipe:
        """Return the recipe as approved: the version that is named, else the latest. Raises KeyError if there is none."""
        return approval.recipe_of(self.entries("recipe", identifier), version)

    def base(self, identifier: str) -> Base:
        """Return the base as last approved. Raises KeyError if there is none."""
        return approval.base_of(self.entries("base", identifier))


Rule = Callable[[Seen], Refusal | Sequence[Fact]]


def decide(
    ledger: Ledger,
    command: Command,
    subjects: Sequence[str],
    rule: Rule,
    *,
    gate: str,
    treatment: str = "",
    deposits: Sequence[Deposit] = (),
) -> Answer:
    """Read the subjects, ask the rule and append its facts; a repeated command is answered from the stored facts.

    subjects: what to read at once; the rule may ask for more.
    gate: the action's name. treatment: where a refused identity match is recorded.
    """
    try:
        earlier = ledger.answered(command)
    except CommandReused:
        return COMMAND_REUSED()
    if earlier is not None:
        return _answer(earlier)
    moved = ""
    for _ in range(ATTEMPTS):
        seen = Seen(ledger, command, subjects)
        if seen.at > seen.now:
            return IN_FUTURE(occurred=seen.at.isoformat(), now=seen.now.isoformat())
        verdict = _with_listed_reasons(rule(seen))
        refused = isinstance(verdict, Refusal)
        if isinstance(verdict, Refusal):
            if not (verdict.kind.identity and treatment and seen.entries("treatment", treatment)):
                return verdict
            facts: Sequence[Fact] = (IdentityMatchRefused(treatment, gate, verdict.code, _readable(verdict.details)),)
        else:
            facts = verdict
        drafts = [draft(fact, seen.at) for fact in facts]
        try:
            entries = ledger.append(drafts, command=command, after=seen.reading, deposits=() if refused else deposits)
        except Conflict as conflict:
            moved = conflict.subject
            continue
        except CommandReused:
            return COMMAND_REUSED()
        except ClaimTaken as taken:
            return TAKEN(kind=taken.claim.kind, key=taken.claim.key)
        return verdict if isinstance(verdict, Refusal) else _answer(entries)
    return TRY_AGAIN(subject=moved)


def _with_listed_reasons(verdict: Refusal | Sequence[Fact]) -> Refusal | Sequence[Fact]:
    """A fact's reasons are codes of the list: free text could name a person and belongs in the vault."""
    if isinstance(verdict, Refusal):
        return verdict
    for fact in verdict:
        stated = getattr(fact, "reason", "")
        for reason in (*getattr(fact, "reasons", ()), *([stated] if stated else [])):
            if refusal := listed(reason):
                return refusal
    return verdict


def _answer(entries: tuple[Entry, ...]) -> Answer:
    """Answer from stored facts; a recorded identity mismatch is answered as the refusal that it was."""
    done = Done(entries)
    first = done.facts[0] if entries else None
    if isinstance(first, IdentityMatchRefused):
        return Refusal(REFUSALS[first.code], dict(first.details))
    return done


def minted(ledger: Ledger, noun: str) -> str:
    """Return a new identifier from the ledger's source of randomness.

    Should the ledger know it already, the append of a first fact about it conflicts; asked again, another is minted.
    """
    return mint(noun, ledger.random(RANDOM_BYTES))


def _readable(details: Mapping[str, str]) -> dict[str, str]:
    """A foreign label may read a person's name: of what was scanned only our own identifiers are kept."""
    scanned = {"presented", *LETTERS}
    return {
        name: "?" if name in scanned and any(noun_of(each) is None for each in value.split(", ")) else value
        for name, value in details.items()
    }
