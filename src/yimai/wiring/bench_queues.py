"""The peers of ``yimai bench simulate``: one tandem line in SimPy, salabim and Ciw, each where it is installed (dependency group ``bench``)."""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Line:
    """Stations one behind another, each with so many servers of mean service 1, and arrivals an hour at the first."""

    stations: int = 6
    servers: int = 4
    arrivals: float = 3.4

    @property
    def events(self) -> int:
        """Of each customer: the arrival, and the end of each service."""
        return self.stations + 1


@dataclass(frozen=True)
class Passing:
    """hours: mean time in the line of all but the first tenth of customers. seconds: of the processor, without building the model."""

    hours: float
    seconds: float


Peer = Callable[[Line, int, int], Passing]
"""A line, how many customers are to leave it, and a seed."""


def simpy_line(line: Line, customers: int, seed: int) -> Passing:
    """The line in SimPy, as its documentation writes such models."""
    import simpy

    env, dice, hours = simpy.Environment(), random.Random(seed), []
    stations = [simpy.Resource(env, line.servers) for _ in range(line.stations)]

    def customer() -> Generator[Any, Any, None]:
        came = env.now
        for station in stations:
            with station.request() as turn:
                yield turn
                yield env.timeout(dice.expovariate(1.0))
        hours.append(env.now - came)

    def source() -> Generator[Any, Any, None]:
        while True:
            yield env.timeout(dice.expovariate(line.arrivals))
            env.process(customer())

    env.process(source())
    began = time.process_time()
    while len(hours) < customers:
        env.step()
    return Passing(_late(hours), time.process_time() - began)


def salabim_line(line: Line, customers: int, seed: int) -> Passing:
    """The line in salabim, its monitors off."""
    import salabim

    dice, hours = random.Random(seed), []
    env = salabim.Environment(trace=False, yieldless=False)
    stations = [salabim.Resource(f"s{number}", line.servers, monitor=False) for number in range(line.stations)]

    class Customer(salabim.Component):  # type: ignore[misc]  # salabim has no types
        def process(self) -> Generator[Any, Any, None]:
            came = env.now()
            for station in stations:
                yield self.request(station)
                yield self.hold(dice.expovariate(1.0))
                self.release(station)
            hours.append(env.now() - came)

    class Source(salabim.Component):  # type: ignore[misc]  # salabim has no types
        def process(self) -> Generator[Any, Any, None]:
            while True:
                yield self.hold(dice.expovariate(line.arrivals))
                Customer(mode=None)

    Source()
    began = time.process_time()
    while len(hours) < customers:
        env.step()
    return Passing(_late(hours), time.process_time() - began)


def ciw_line(line: Line, customers: int, seed: int) -> Passing:
    """The line in Ciw."""
    import ciw

    after = range(1, line.stations + 1)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(line.arrivals), *[None] * (line.stations - 1)],
        service_distributions=[ciw.dists.Exponential(1.0)] * line.stations,
        number_of_servers=[line.servers] * line.stations,
        routing=[[float(other == number) for other in range(line.stations)] for number in after],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    began = time.process_time()
    simulation.simulate_until_max_customers(customers)
    seconds = time.process_time() - began
    came: dict[Any, float] = {}
    left: dict[Any, float] = {}
    for each in simulation.get_all_records():
        came[each.id_number] = min(came.get(each.id_number, each.arrival_date), each.arrival_date)
        if each.node == line.stations:
            left[each.id_number] = each.exit_date
    hours = [at - came[who] for who, at in sorted(left.items(), key=lambda pair: pair[1])]
    return Passing(_late(hours), seconds)


PEERS: Final[dict[str, tuple[str, Peer]]] = {
    "SimPy": ("simpy", simpy_line), "salabim": ("salabim", salabim_line), "Ciw": ("ciw", ciw_line),
}  # fmt: skip
"""By name: the module that must be there, and the line."""


def peers() -> dict[str, Peer]:
    """Those that are installed."""
    return {name: line for name, (module, line) in PEERS.items() if importlib.util.find_spec(module) is not None}


def _late(hours: list[float]) -> float:
    late = hours[len(hours) // 10 :]
    return sum(late) / len(late)
