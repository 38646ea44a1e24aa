"""What ``yimai verify``, ``checkpoint``, ``trace``, ``vein``, ``projections rebuild`` and ``… approve`` do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console

from yimai.actions import approval, request
from yimai.actions.decision import Done
from yimai.actions.verbs import Act, name_of
from yimai.domain.identifier import noun_of, typed
from yimai.domain.refusal import Refusal
from yimai.interfaces.terminal import tables
from yimai.ledger.canonical import encode
from yimai.ledger.entry import Checkpoint
from yimai.ledger.verify import Verified
from yimai.projections import trace as traces
from yimai.projections import vein as veins
from yimai.wiring import house, serve
from yimai.wiring.problems import CommandProblem


@contextmanager
def opened_database(folder: Path) -> Iterator[house.Database]:
    """The database in the folder, with a ledger in it. Raises CommandProblem if there is none."""
    if not (folder / "cluster").exists() and not house.is_external():
        raise CommandProblem(
            f"there is no ledger in {folder}; begin one (`yimai begin`, or `yimai demo`), or name its --folder"
        )
    serve.stop_on_termination()
    database = house.open_database(folder)
    try:
        if house.last_recorded(database) is None:
            raise CommandProblem("the database holds no ledger yet; begin one (`yimai begin`, or `yimai demo`)")
        yield database
    finally:
        database.stop()


def verify(folder: Path, noted: str | None) -> int:
    """Verify the ledger; with a checkpoint noted earlier also that nothing up to it was rewritten or cut off."""
    checkpoint = _checkpoint_from(noted)
    with opened_database(folder) as database:
        result = house.verify_ledger(database, checkpoint)
        tables.print_verification(Console(), result)
    return 0 if isinstance(result, Verified) else 1


def checkpoint(folder: Path) -> int:
    """Seal what is not sealed and print ``SIZE:ROOT``, to be noted outside the database."""
    with opened_database(folder) as database, opened_house(database) as opened:
        opened.ledger.seal()
        newest = opened.ledger.checkpoint()
    assert newest is not None
    print(f"{newest.size}:{newest.root.hex()}")
    return 0


def trace(folder: Path, identifier: str, language: str) -> int:
    """Print everything about an identifier, forwards and back."""
    with opened_database(folder) as database, house.reading(database) as cursor:
        traced = traces.about(cursor, _spelled(identifier))
        if not traced:
            raise CommandProblem(_unknown(identifier))
        tables.print_trace(Console(), traced, language)
    return 0


def vein(folder: Path, identifier: str, language: str) -> int:
    """Print one treatment's vein."""
    with opened_database(folder) as database, house.reading(database) as cursor:
        rows = veins.of(cursor, typed(identifier))
        if not rows:
            raise CommandProblem(_unknown(identifier))
        tables.print_vein(Console(), rows, language)
    return 0


def rebuild(folder: Path) -> int:
    """Compute the projections anew and say whether they were equal."""
    with opened_database(folder) as database:
        before, after, count = house.rebuild_projections(database)
    changed = sorted(table for table in after if before.get(table) != after[table])
    print(f"{count:,} entries followed; {len(after)} tables, {len(after) - len(changed)} equal to what they were.")
    if changed:
        print(f"Changed: {', '.join(changed)}. The screens misled; the facts were right. Please report this.")
    return 1 if changed else 0


def approve(folder: Path, noun: str, file: Path, person: str) -> int:
    """Approve a recipe, base or programme file as that person."""
    content = _content(noun, file)
    with opened_database(folder) as database, opened_house(database) as opened:
        act = {"recipe": approval.approve_recipe, "base": approval.approve_base}.get(noun, approval.approve_programme)
        answer = perform(
            opened, act, {"content": content}, f"approve/{noun}/{sha256(encode(content)).hexdigest()}", person
        )
        opened.ledger.seal()
        print(f"Approved; {len(answer.entries)} facts, first {answer.entries[0].hash.hex()}")
    return 0


def perform(
    opened: house.House,
    act: Act,
    arguments: Mapping[str, Any],
    identifier: str,
    person: str,
    *,
    site: str | None = None,
    zone: int = 480,
) -> Done:
    """Do it as this person, at his or her site unless another is named; the identifier makes it once. Raises CommandProblem."""
    asked = request.command(
        name_of(act),
        arguments,
        id=identifier,
        actor=person,
        site=house.site_of(opened, person) if site is None else site,
        zone=zone,
        secret=opened.secret,
    )
    answer = act(opened.ledger, asked, **arguments)
    if isinstance(answer, Refusal):
        raise CommandProblem(f"{answer.en} ({answer.code})")
    return answer


def _content(noun: str, file: Path) -> dict[str, Any]:
    from yimai.interfaces.files.reading import (  # a second for the units' registry
        read_base,
        read_programme,
        read_recipe,
    )

    if noun == "recipe":
        return dict(read_recipe(file).content)
    return dict((read_base(file) if noun == "base" else read_programme(file)).content)


@contextmanager
def opened_house(database: house.Database) -> Iterator[house.House]:
    """The open ledger; a simulated one's clock runs on from its last entry."""
    offset = serve.clock_offset(database)
    clock = serve.shifted_clock(offset)
    with house.open_house(database, simulated=offset is not None, clock=clock) as opened:
        yield opened


def _checkpoint_from(noted: str | None) -> Checkpoint | None:
    if noted is None:
        return None
    try:
        return Checkpoint.noted(noted)
    except ValueError:
        problem = "--noted is written SIZE:ROOT, for example 1200:9f86d0… with 64 hexadecimal digits"
        raise CommandProblem(problem) from None


def _spelled(identifier: str) -> str:
    """Our own identifiers in the one spelling; others (a room, a lot, a person) as they are."""
    own = typed(identifier)
    return own if noun_of(own) is not None else identifier.strip()


def _unknown(identifier: str) -> str:
    own = typed(identifier)
    if len(own) == 10 and noun_of(own) is None:
        return f"{identifier} is not one of our identifiers: its check character does not fit. Read it again."
    return f"no fact mentions {identifier}. Check the spelling, or the --folder."
