"""The demonstration: a simulated programme, its plant run through the real actions, then shown in the browser."""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from yimai.interfaces.files.reading import read_base, read_programme, read_recipe
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.founding import Founding, found
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.plant import Plant
from yimai.interfaces.plant.simulation import Simulation
from yimai.interfaces.terminal import tables
from yimai.ledger.verify import Verified
from yimai.projections import slot_board, vein
from yimai.wiring import house, serve
from yimai.wiring.live_processes import file_lock, is_locked
from yimai.wiring.problems import CommandProblem
from yimai.wiring.sealing import kept_sealed

CATALOGUE: Final = Path(str(files("yimai"))) / "catalogue"
RECIPE: Final = CATALOGUE / "recipes" / "cd19-cart.yaml"
BASE: Final = CATALOGUE / "bases" / "lingang.yaml"
NOTE: Final = "demo.json"
LOCK: Final = "loading.lock"
PROGRAMME: Final = CATALOGUE / "programmes" / "shanghai.yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Which simulation a data folder holds; complete once it has been loaded to its end."""

    seed: int
    start: str
    treatments: int
    complete: bool = False


def run(folder: Path, *, seed: int, start: str, treatments: int, port: int | None) -> int:
    """Load the simulated programme if the folder does not hold it yet, then serve it (port None: only load)."""
    begins = _time(start)
    serve.stop_on_termination()
    console = Console()
    wanted = Loaded(seed, start, treatments)
    there = _loaded_in(folder, wanted)
    if is_locked(folder / LOCK):
        raise CommandProblem(
            f"another process is loading {folder} at this moment. Wait for it, or name another --folder."
        )
    if there is not None and not there.complete:
        _start_anew(folder, console)
    database = house.open_database(folder, progress=lambda words: console.print(words, style="dim"))
    try:
        if house.last_recorded(database) is None:
            with file_lock(folder / LOCK):
                _note(folder, wanted)
                _load(database, wanted, begins, console)
                _note(folder, replace(wanted, complete=True))
        elif not house.is_simulated(database):
            raise CommandProblem(
                f"{folder} holds a ledger that is not simulated. Name another --folder for the demonstration."
            )
        if port is None:
            return 0
        offset = serve.clock_offset(database)
        with (
            house.open_house(database, simulated=True, clock=serve.shifted_clock(offset)) as opened,
            kept_sealed(opened.ledger),
        ):
            return serve.serve(database, port, offset)
    finally:
        database.stop()


def check(*, seed: int, start: str) -> int:
    """Take one treatment from order to infusion on a database of its own, print its vein, verify the ledger."""
    begins = _time(start)
    serve.stop_on_termination()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="yimai-check-") as folder:
        database = house.open_database(Path(folder))
        try:
            coi = _one_treatment(database, seed, begins)
            with house.reading(database) as cursor:
                tables.print_vein(console, vein.of(cursor, coi), "en")
            verified = house.verify_ledger(database)
            tables.print_verification(console, verified)
            return 0 if isinstance(verified, Verified) else 1
        finally:
            database.stop()


def _one_treatment(database: house.Database, seed: int, begins: datetime) -> str:
    clock, chance = Clock(begins), random.Random(seed)
    recipe, base = read_recipe(RECIPE), read_base(BASE)
    with (
        house.open_house(database, simulated=True, clock=clock, chance=chance.randbytes) as opened,
        kept_sealed(opened.ledger),
    ):
        found(opened.ledger, Founding(read_programme(PROGRAMME).content, recipe.content, base.content, seed))
        plant = Plant(opened.ledger, clock, recipe.recipe, base.base)
        return Journey(plant).reach("infused").treatment


def _note(folder: Path, loaded: Loaded) -> None:
    (folder / NOTE).write_text(json.dumps(asdict(loaded)), encoding="utf-8")


def _loaded_in(folder: Path, wanted: Loaded) -> Loaded | None:
    """What the folder holds, or None if it is new. Raises CommandProblem if it holds another simulation."""
    try:
        there = Loaded(**json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise CommandProblem(f"{folder / NOTE} is damaged; name another --folder, or remove {folder}") from None
    if there.complete and replace(there, complete=False) != wanted:
        raise CommandProblem(
            f"{folder} holds the demonstration of seed {there.seed}, start {there.start}, "
            f"{there.treatments} treatments. Name another --folder, or remove {folder} to start anew."
        )
    return there


def _start_anew(folder: Path, console: Console) -> None:
    """A load that was interrupted is not continued: what its people would do next was never written down."""
    if house.is_external():
        raise CommandProblem("the last load into this database was interrupted. Give DATABASE_URL an empty database.")
    console.print("The last load was interrupted; starting anew.", style="dim")
    house.empty_simulated(folder)


def _load(database: house.Database, wanted: Loaded, begins: datetime, console: Console) -> None:
    """Run the simulated plant to its end, with a bar."""
    clock, chance = Clock(begins), random.Random(wanted.seed)
    recipe, base = read_recipe(RECIPE), read_base(BASE)
    bar = Progress(
        TextColumn("Simulating the plant"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
    )
    with (
        house.open_house(database, simulated=True, clock=clock, chance=chance.randbytes, loading=True) as opened,
        kept_sealed(opened.ledger),
        bar,
    ):
        found(opened.ledger, Founding(read_programme(PROGRAMME).content, recipe.content, base.content, wanted.seed))

        def taken() -> dict[str, list[tuple[datetime, datetime]]]:
            with opened.pool.connection() as connection, connection.cursor() as cursor:
                return slot_board.taken(cursor, base.base.id)

        simulation = Simulation(
            opened.ledger, clock, recipe.recipe, base.base, count=wanted.treatments, seed=wanted.seed, taken=taken
        )
        task = bar.add_task("", total=None)
        for progress in simulation.run():
            bar.update(task, completed=progress.done, total=progress.total, description=progress.what)


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandProblem(f"--start {text} is not a time; write it like 2026-08-03T08:00:00+08:00") from None
    if moment.tzinfo is None:
        raise CommandProblem(f"--start {text} has no offset; write it like 2026-08-03T08:00:00+08:00")
    return moment.astimezone(UTC)
