"""Spreads replications over processes of this machine, or over a Dask cluster. The rows are the same, bit for bit, however many share them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Final

from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Row, Simulates, replications

EVENTS_A_CHUNK: Final = 2_000_000
"""A chunk takes about a second or more, so that handing it out costs little."""


@dataclass(frozen=True)
class Sweep:
    """Replications of one scenario, by number."""

    simulation: Simulates
    scenario: Scenario
    seed: int
    numbers: tuple[int, ...]

    def chunks(self, workers: int) -> list[tuple[int, ...]]:
        """The numbers in portions, ever smaller ones so that all workers are busy until the end."""
        expected = sum(each.per_year for each in self.simulation.sources) * self.simulation.hours / 8766 * 70
        most = max(1, int(EVENTS_A_CHUNK / max(expected, 1)))
        portions: list[tuple[int, ...]] = []
        left = self.numbers
        while left:
            size = max(1, min(most, len(left) // (2 * workers)))
            portions.append(left[:size])
            left = left[size:]
        return portions


Numbered = tuple[int, Row]
Rows = Generator[Numbered, None, None]


def rows_of(sweep: Sweep, numbers: Sequence[int]) -> list[Numbered]:
    """Run one chunk: what a worker does."""
    return list(zip(numbers, replications(sweep.simulation, sweep.scenario, sweep.seed, numbers), strict=True))


def here(sweep: Sweep) -> Rows:
    """In this process, one after another."""
    yield from zip(
        sweep.numbers, replications(sweep.simulation, sweep.scenario, sweep.seed, sweep.numbers), strict=True
    )


_mine: Final[list[Sweep]] = []
"""In a worker: the sweep whose chunks it runs."""


def _begin(sweep: Sweep) -> None:
    _mine[:] = [sweep]


def rows_of_mine(numbers: Sequence[int]) -> list[Numbered]:
    """Run one chunk of the worker's own sweep."""
    return rows_of(_mine[0], numbers)


def sharing(sweep: Sweep, workers: int) -> ProcessPoolExecutor:
    """So many processes that each have been sent the sweep once, and not with every chunk."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(sweep,))


def in_processes(sweep: Sweep, workers: int) -> Rows:
    """In so many processes; rows come as they are done, in no particular order. Leaving the iterator stops what has not begun."""
    with sharing(sweep, workers) as pool:
        futures = {pool.submit(rows_of_mine, chunk) for chunk in sweep.chunks(workers)}
        try:
            yield from _as_done(futures)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _as_done(futures: set[Future[list[Numbered]]]) -> Iterator[Numbered]:
    while futures:
        done, futures = wait(futures, return_when=FIRST_COMPLETED)
        for each in done:
            yield from each.result()


def on_cluster(sweep: Sweep, client: Any) -> Rows:
    """On a Dask cluster, given its client; the model is sent once to each worker."""
    workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    shared = client.scatter(sweep, broadcast=True, hash=False)
    futures = [client.submit(rows_of, shared, chunk, pure=False) for chunk in sweep.chunks(workers)]
    try:
        for future in futures:
            yield from future.result()
    finally:
        client.cancel(futures)


def collect(rows: Iterator[Numbered], told: Callable[[int, Row], bool]) -> dict[int, Row]:
    """All rows by their number, in order of number; stops early when it is told of a row and answers true."""
    found: dict[int, Row] = {}
    for number, row in rows:
        found[number] = row
        if told(number, row):
            break
    return dict(sorted(found.items()))
