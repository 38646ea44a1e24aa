"""How every action decides: read facts, ask the rule, append; re-decide at most three times if something moved.

Clocks and signatures run on the ledger's time. A late entry may say when a thing happened, and shows beside it when
it was recorded; it never makes in time what is out of time now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from threading import RLock
from types import MappingProxyType
from typing import Final

from yimai.actions.read_ahead import ReadAhead
from yimai.domain import access, approval
from yimai.domain import person as people
from yimai.domain import queue as queues
from yimai.domain.access import Matter
from yimai.domain.base import Base
from yimai.domain.fact import Fact, Meaning, Signature, draft, is_subject, subject
from yimai.domain.facts import decode, unsound
from yimai.domain.identifier import LETTERS, RANDOM_BYTES, mint, noun_of
from yimai.domain.identity import IdentityMatchRefused
from yimai.domain.queue import Queue
from yimai.domain.reason import listed
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.refusals import REFUSALS
from yimai.domain.site import SiteRegistered
from yimai.domain.treatment import UNKNOWN, TreatmentOrdered
from yimai.domain.vein import Vein, vein_of
from yimai.ledger.entry import Command, Deposit, Draft, Entry, Reading
from yimai.ledger.ledger import ClaimTaken, CommandReused, Conflict, Ledger

ATTEMPTS: Final = 3
ATTEMPTS_AT_A_QUEUE: Final = 24
"""How often it is decided anew because a base's queue has moved: all its orders and slots come by there, and most of them have nothing to
do with one another."""
_at_the_queue: Final = RLock()
"""Whoever found a queue moved decides anew one after another, as far as one process goes."""

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
NO_ZONE = RefusalKind(
    "decision.no_zone",
    "The time given ({occurred}) has no time zone. Give it with its offset, for example +08:00.",
    "所填时间（{occurred}）没有时区。请注明时差，例如 +08:00。",
)
BEFORE_ORDER = RefusalKind(
    "decision.before_order",
    "The time given ({occurred}) lies before the treatment was ordered ({ordered}). Correct the time.",
    "所填时间（{occurred}）早于治疗下达医嘱的时间（{ordered}）。请更正。",
)
MALFORMED = RefusalKind(
    "decision.malformed",
    "This cannot be put on record: {what}. Correct that value and try again.",
    "该内容无法记录：{what}。请更正该值后重试。",
)

BAD_NAME = RefusalKind(
    "decision.bad_name",
    "'{name}' cannot be an identifier: use letters, digits and hyphens, such as LV-2026-07, no blanks. Correct it.",
    "“{name}”不能用作标识：只能使用英文字母、数字和连字符，如 LV-2026-07，不含空格和汉字。请更正。",
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
    """What an action has read, and when: ``at`` is the ledger's time in the command's zone, on which every clock and
    signature runs; ``occurred`` is when the thing asked for happened, which a late entry puts earlier.

    A subject that was not read yet is read when it is asked for; the append stands on everything that was asked for.
    """

    def __init__(self, ledger: Ledger, command: Command, read: Reading, subjects: Sequence[str]) -> None:
        """read: the subjects, and what was read ahead."""
        self._ledger, self._read = ledger, read
        self.reading = _part(read, subjects)
        self.asked: list[str] = []
        self.command = command
        self.now = read.now
        zone = timezone(timedelta(minutes=command.zone))
        self.at: datetime = self.now.astimezone(zone)
        self.occurred: datetime = command.occurred or self.at
        self._people: dict[str, people.Person] = {}

    @property
    def ledger(self) -> str:
        """The ledger's id."""
        return self._ledger.id

    def entries(self, noun: str, identifier: str) -> tuple[Entry, ...]:
        """Return all entries about the subject; of a name that no subject can have (a scan of anything) there is none."""
        name = subject(noun, identifier)
        if not is_subject(name):
            return ()
        self.read_at_once([name])
        return self.reading.entries.get(name, ())

    def read_at_once(self, names: Sequence[str]) -> None:
        """Read several subjects that will be asked for."""
        wanted = [each for each in names if each not in self.reading.heads]
        missing = [each for each in wanted if each not in self._read.heads]
        more = self._ledger.about(*missing) if missing else self._read
        for name in wanted:
            told = more if name in missing else self._read
            heads = {**self.reading.heads, name: told.heads[name]}
            self.reading = Reading(self.now, heads, {**self.reading.entries, name: told.entries.get(name, ())})
            self.asked.append(name)

    def facts(self, noun: str, identifier: str) -> tuple[tuple[Fact, Entry], ...]:
        return tuple((decode(entry), entry) for entry in self.entries(noun, identifier))

    def vein(self, treatment: str) -> Vein:
        return vein_of(self.entries("treatment", treatment))

    def person(self, identifier: str) -> people.Person:
        if identifier not in self._people:
            person = people.Person()
            for fact, entry in self.facts("person", identifier):
                person = people.evolve(person, fact, entry)
            self._people[identifier] = person
        return self._people[identifier]

    def sign(self, signer: str, meaning: Meaning) -> Signature:
        """Return the signer's signature, made now."""
        return self.person(signer).sign(meaning, self.at)

    def recipe(self, identifier: str, version: str = "") -> Recipe:
        """Return the recipe as approved: the version that is named, else the latest. Raises KeyError if there is none."""
        return approval.recipe_of(self.entries("recipe", identifier), version)

    def base(self, identifier: str) -> Base:
        """Return the base as last approved. Raises KeyError if there is none."""
        return approval.base_of(self.entries("base", identifier))

    def queue(self, base: str, back: timedelta) -> Queue:
        """Return who waits for the base's slots, as of the months since so long ago."""
        names = tuple(queues.months(base, self.now - back, self.now))
        self.read_at_once([subject("queue", each) for each in names])
        entries = (entry for each in names for entry in self.entries("queue", each))
        return queues.queue_of(entries, lambda treatment: self.vein(treatment).treatment)


_ahead: Final = ReadAhead()


def _part(read: Reading, subjects: Iterable[str]) -> Reading:
    heads = {name: read.heads[name] for name in subjects}
    return Reading(read.now, heads, {name: read.entries.get(name, ()) for name in heads})


Rule = Callable[[Seen], Refusal | Sequence[Fact]]
Owner = Callable[[Seen], str]
Signers = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What access needs to know of what is asked for; see ``decide``."""

    verb: str
    treatment: str
    owner: Owner | None
    signers: Signers
    newcomer: people.Person | None

    def people(self, actor: str) -> Iterator[tuple[str, str]]:
        """Yield everybody who takes part, with the capacity: the actor first."""
        yield access.PERFORMER, actor
        for capacity, named in self.signers.items():
            yield from ((capacity, each) for each in named if each)


def decide(
    ledger: Ledger,
    command: Command,
    subjects: Sequence[str],
    rule: Rule,
    *,
    verb: str,
    treatment: str = "",
    owner: Owner | None = None,
    signers: Signers = MappingProxyType({}),
    newcomer: people.Person | None = None,
    deposits: Sequence[Deposit] = (),
) -> Answer:
    """Read the subjects, ask the table of access and the rule, and append the rule's facts.

    A repeated command is answered from the stored facts.

    subjects: what to read at once beside the treatment and the people; the rule may ask for more.
    verb: the action's name. treatment: what it is about, where a refused identity match is recorded.
    owner: the site whose thing it is about instead, or "" for nobody's. signers: who takes part beside the actor, by
    capacity. newcomer: as whom an actor counts who is not on the register yet.
    """
    asked = Asked(verb, treatment, owner, signers, newcomer)
    if set(signers) != access.CAPACITIES[verb]:
        raise LookupError(f"{verb} names {sorted(signers)}, the table of access {sorted(access.CAPACITIES[verb])}")
    everybody = (subject("person", person) for _, person in asked.people(command.actor))
    about = (subject("treatment", treatment),) if treatment else ()
    named = tuple(dict.fromkeys(each for each in (*about, *everybody, *subjects) if is_subject(each)))
    at_once = tuple(dict.fromkeys((*named, *_ahead.likely(ledger.id, treatment))))
    try:
        earlier, read = ledger.asked(command, *at_once)
    except CommandReused:
        return COMMAND_REUSED()
    if earlier is not None:
        return _answer(earlier)
    moved, tried = "", 0
    with ExitStack() as turn:
        for attempt in range(ATTEMPTS_AT_A_QUEUE):
            seen = Seen(ledger, command, ledger.about(*at_once) if attempt else read, named)
            verdict = _verdict(seen, asked, rule)
            drafts = _drafts(seen, asked, verdict)
            if isinstance(verdict, Refusal) and not drafts:
                return verdict
            kept = () if isinstance(verdict, Refusal) else deposits
            try:
                entries = ledger.append(drafts, command=command, after=seen.reading, deposits=kept)
            except Conflict as conflict:
                moved = conflict.subject
                if moved.startswith("queue/"):
                    turn.enter_context(_at_the_queue)
                elif (tried := tried + 1) == ATTEMPTS:
                    break
                continue
            except CommandReused:
                return COMMAND_REUSED()
            except ClaimTaken as taken:
                return TAKEN(kind=taken.claim.kind, key=taken.claim.key)
            return verdict if isinstance(verdict, Refusal) else _answer(entries)
    return TRY_AGAIN(subject=moved)


def _drafts(seen: Seen, asked: Asked, verdict: Refusal | Sequence[Fact]) -> list[Draft]:
    """What is put on record; of refusals only those of an identity."""
    facts: Sequence[Fact]
    if isinstance(verdict, Refusal):
        if not (verdict.identity and asked.treatment and seen.entries("treatment", asked.treatment)):
            return []
        readable = _readable(verdict.details)
        facts = (IdentityMatchRefused(asked.treatment, asked.verb, verdict.code, readable),)
    else:
        facts = verdict
    learnt = (each for each in seen.asked if not each.startswith("queue/"))
    _ahead.learn(seen.ledger, asked.treatment, learnt)
    return [_queued(seen, fact, draft(fact, seen.occurred)) for fact in facts]


def _queued(seen: Seen, fact: Fact, told: Draft) -> Draft:
    """The draft, about the base's queue too if it changes who waits for a slot."""
    if fact.kind not in queues.KINDS:
        return told
    base = fact.base if isinstance(fact, TreatmentOrdered) else seen.vein(str(told.data["treatment"])).treatment.base
    queue = queues.month(base, seen.now)
    seen.entries("queue", queue)
    return replace(told, subjects=(*told.subjects, subject("queue", queue)))


def _verdict(seen: Seen, asked: Asked, rule: Rule) -> Refusal | Sequence[Fact]:
    """What table, clock and rule say. What a state forbids the rule can tell more precisely, but never permit."""
    forbidden = _access(seen, asked)
    if forbidden is not None and forbidden.kind is not access.STATE:
        return forbidden
    if refusal := _timely(seen, asked.treatment):
        return refusal
    verdict = _sound(rule(seen))
    return verdict if isinstance(verdict, Refusal) else forbidden or verdict


def _access(seen: Seen, asked: Asked) -> Refusal | None:
    """What the table of access says to the actor and to everybody else who takes part, each in their capacity."""
    if asked.owner is not None:
        matter = Matter(site=asked.owner(seen))
    else:
        vein = seen.vein(asked.treatment)
        if not vein.treatment.id:
            return UNKNOWN()
        matter = _matter(vein, asked)
    took_part = [(capacity, _person(seen, name, asked)) for capacity, name in asked.people(seen.command.actor)]
    district = ""
    if asked.verb in access.READING and "inspector" in took_part[0][1].roles:
        district = _district(seen, took_part[0][1].site)
        matter = replace(matter, districts=frozenset(_district(seen, site) for site in (matter.hospital, matter.base)))
    refusals = [access.may(asked.verb, capacity, person, matter, district=district) for capacity, person in took_part]
    refused = next((each for each in refusals if each is not None and each.kind is not access.STATE), None)
    refused = (
        refused
        or _together(took_part)
        or (_present(seen, took_part, matter) if matter.site or asked.treatment else None)
    )
    return refused or next((each for each in refusals if each is not None), None)


def _district(seen: Seen, site: str) -> str:
    """Where the site is registered; an authority without a district inspects everywhere."""
    about = [fact for fact, _ in seen.facts("site", site) if isinstance(fact, SiteRegistered)]
    district = about[-1].district if about else ""
    return access.EVERYWHERE if about and about[-1].type == "authority" and not district else district


def _matter(vein: Vein, asked: Asked) -> Matter:
    """The treatment as access sees it; who is named to give or to take a shipment counts as carrying it."""
    ordered = vein.treatment
    state: access.State = "ended" if ordered.ended else "held" if ordered.held else "going"
    named = (*asked.signers.get("giver", ()), *asked.signers.get("taker", ()))
    return Matter(state, ordered.hospital, ordered.base, carriers=vein.custody.carriers.union(named))


def _person(seen: Seen, name: str, asked: Asked) -> people.Person:
    person = seen.person(name)
    if not person.id and asked.newcomer is not None and asked.newcomer.id == name:
        return asked.newcomer
    return person if person.id else people.Person(name)


def _together(took_part: Sequence[tuple[str, people.Person]]) -> Refusal | None:
    """Whether second people are other people: none verifies or approves what he does, or hands over to himself."""
    by_capacity = dict(took_part)
    first = by_capacity.get("giver", by_capacity[access.PERFORMER])
    seconds = [by_capacity[each] for each in ("verifier", "approver", "taker") if each in by_capacity]
    return next((refusal for each in seconds if (refusal := people.two_people(first, each))), None)


def _present(seen: Seen, took_part: Sequence[tuple[str, people.Person]], matter: Matter) -> Refusal | None:
    """Whether those who do it together work where it is done; of giver and taker one does, a courier is on his way."""
    here = seen.command.site
    by_capacity = dict(took_part)
    if "giver" in by_capacity:
        giver, taker = by_capacity["giver"], by_capacity["taker"]
        return None if here == giver.site else people.of_site(taker, here)
    there = (
        person
        for capacity, person in took_part
        if capacity in (access.PERFORMER, "verifier", "operators") and access.relations(person, matter) != {"carrier"}
    )
    return next((refusal for person in there if (refusal := people.of_site(person, here))), None)


def _timely(seen: Seen, treatment: str) -> Refusal | None:
    """Whether the time given for what happened is one: with its zone, not to come, not before there was a treatment."""
    if seen.occurred.utcoffset() is None:
        return NO_ZONE(occurred=seen.occurred.isoformat())
    if seen.occurred > seen.now:
        return IN_FUTURE(occurred=seen.occurred.isoformat(), now=seen.now.isoformat())
    ordered = next((entry.occurred for entry in seen.entries("treatment", treatment)), None) if treatment else None
    if ordered is not None and seen.occurred < ordered:
        return BEFORE_ORDER(occurred=seen.occurred.isoformat(), ordered=ordered.isoformat())
    return None


def _sound(verdict: Refusal | Sequence[Fact]) -> Refusal | Sequence[Fact]:
    """Whether every fact can be read back, its reasons codes of the list: free text could name a person."""
    if isinstance(verdict, Refusal):
        return verdict
    for fact in verdict:
        stated = getattr(fact, "reason", "")
        for reason in (*getattr(fact, "reasons", ()), *([stated] if stated else [])):
            if refusal := listed(reason):
                return refusal
        if what := unsound(fact):
            return MALFORMED(what=what)
        if unnamed := next((each for each in fact.subjects() if not is_subject(each)), ""):
            return BAD_NAME(name=unnamed.partition("/")[2][:64])
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
