"""A small network of queues on the simulation's own events and chance: what the theory of queues has formulas for.

Customers come to stations by Poisson processes, wait there in order of arrival for one of its servers, and go on to another station or
leave. It shows that the core is right, and how fast it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from yimai.planning.chance import Keys, draw_keys, exponential, lognormal, uniform
from yimai.planning.compiled import compiled
from yimai.planning.event_heap import Events, drop_first, no_events, push, replace_first
from yimai.planning.problem import Floats, Ints

LEAVE: Final = -1
BY_CHANCE: Final = -2
NOBODY: Final = 0xFFFFFFFF
"""In an event: no customer yet, one comes from outside."""


@dataclass(frozen=True)
class Station:
    """mean: hours of a service. spread: its coefficient of variation, lognormal; None: exponential. arrivals: an hour, from outside.

    onward: for each station the share of customers that go there from here; what is left leaves.
    """

    servers: int
    mean: float
    arrivals: float = 0.0
    spread: float | None = None
    onward: tuple[float, ...] = ()


@dataclass(frozen=True)
class Passed:
    """customers: counted. hours: their mean time from arrival to leaving. waits: mean wait at each station. busy: mean busy servers of each."""

    customers: int
    hours: float
    waits: Floats
    busy: Floats
    events: int


class Network(NamedTuple):
    """The stations as arrays. sigma: of the lognormal, -1 where exponential. onward: cumulated, shape (stations, stations).

    only: the station to which everybody goes on, LEAVE where everybody leaves, or BY_CHANCE.
    """

    servers: Ints
    median: Floats
    sigma: Floats
    arrivals: Floats
    onward: Floats
    only: Ints


class Crowd(NamedTuple):
    """Where customers stand. came, queued: when each came, to the network and to its queue. first, last: of each queue. next: behind whom."""

    came: Floats
    queued: Floats
    behind: Ints
    free: Ints
    first: Ints
    last: Ints
    busy: Ints
    drawn: Ints
    since: Floats
    sums: Floats
    keys: Keys
    events: Events


def passage(stations: Sequence[Station], customers: int, seed: int, replication: int, room: int = 100_000) -> Passed:
    """Run until so many customers have left; the first tenth is not counted. room: for customers inside at a time.

    Raises OverflowError where more are inside.
    """
    network = _network(stations)
    crowd = _crowd(len(stations), int(network.servers.sum()), room)
    draw_keys(seed, replication, crowd.keys)
    run_network(network, crowd, customers)
    sums, size = crowd.sums, len(stations)
    counted = max(1.0, sums[0])
    served, waited, area = (sums[4 + row * size : 4 + (row + 1) * size] for row in range(3))
    return Passed(
        int(sums[0]), sums[1] / counted, waited / np.maximum(served, 1.0), area / max(sums[3], 1e-300), int(sums[2])
    )


def _network(stations: Sequence[Station]) -> Network:
    sigma = np.array([-1.0 if each.spread is None else math.sqrt(math.log1p(each.spread**2)) for each in stations])
    mean = np.array([each.mean for each in stations])
    onward = np.array([[*each.onward, *[0.0] * (len(stations) - len(each.onward))] for each in stations])
    return Network(
        np.array([each.servers for each in stations], np.int32),
        np.where(sigma < 0, mean, mean * np.exp(-0.5 * sigma**2)),
        sigma,
        np.array([each.arrivals for each in stations]),
        np.cumsum(onward, axis=1),
        np.array([_only(row) for row in onward], np.int32),
    )


def _only(onward: Floats) -> int:
    """Where everybody goes on to, if it is one place."""
    if not onward.any():
        return LEAVE
    return int(onward.argmax()) if onward.max() >= 1 else BY_CHANCE


def _crowd(stations: int, servers: int, room: int) -> Crowd:
    def ints(size: int) -> Ints:
        return np.zeros(size, np.int32)

    return Crowd(
        np.zeros(room), np.zeros(room), ints(room), np.arange(room + 1, dtype=np.int32), ints(stations), ints(stations), ints(stations),
        ints(3 * stations), np.zeros(stations), np.zeros(4 + 3 * stations), np.zeros(3 * stations, np.uint64),
        no_events(servers + stations + 1),
    )  # fmt: skip


@compiled
def serving_time(network: Network, crowd: Crowd, station: int) -> float:
    """How long the station's next service takes."""
    count = crowd.drawn[station]
    crowd.drawn[station] = count + 1
    if network.sigma[station] < 0:
        return float(network.median[station]) * exponential(crowd.keys[station], count)
    return lognormal(crowd.keys[station], count, network.median[station], network.sigma[station])


@compiled
def come(network: Network, crowd: Crowd, station: int, customer: int, now: float) -> bool:
    """The customer comes to the station; whether it is served at once."""
    if crowd.busy[station] < network.servers[station]:
        take_server(crowd, station, 1, now)
        return True
    crowd.queued[customer] = now
    crowd.behind[customer] = -1
    if crowd.first[station] < 0:
        crowd.first[station] = customer
    else:
        crowd.behind[crowd.last[station]] = customer
    crowd.last[station] = customer
    return False


@compiled
def take_server(crowd: Crowd, station: int, number: int, now: float) -> None:
    """One more server is busy, or one less."""
    stations = len(crowd.first)
    crowd.sums[4 + 2 * stations + station] += crowd.busy[station] * (now - crowd.since[station])
    crowd.since[station] = now
    crowd.busy[station] += number
    crowd.sums[4 + station] += number > 0


@compiled
def goes_to(network: Network, crowd: Crowd, station: int) -> int:
    """The station to which the customer goes on, or LEAVE."""
    only = network.only[station]
    if only != BY_CHANCE:
        return int(only)
    stations = len(crowd.first)
    count = crowd.drawn[stations + station]
    crowd.drawn[stations + station] = count + 1
    pick = uniform(crowd.keys[stations + station], count)
    for other in range(stations):
        if pick < network.onward[station, other]:
            return other
    return LEAVE


@compiled
def arrive(network: Network, crowd: Crowd, station: int, customer: int, now: float) -> None:
    """A new customer comes from outside, and the next is awaited."""
    stream = 2 * len(crowd.first) + station
    wait = exponential(crowd.keys[stream], crowd.drawn[stream]) / network.arrivals[station]
    crowd.drawn[stream] += 1
    crowd.came[customer] = now
    replace_first(crowd.events, now + wait, (station << 32) | NOBODY)
    if come(network, crowd, station, customer, now):
        push(crowd.events, now + serving_time(network, crowd, station), (station << 32) | customer)


@compiled
def run_network(network: Network, crowd: Crowd, customers: int) -> None:
    """Until so many have left. sums: counted customers, their hours, events, hours counted; then of stations: served, waited, busy × hours."""
    events, stations, sums = crowd.events, len(crowd.first), crowd.sums
    inside, left, begun = 0, 0, customers // 10
    warm_at = 0.0
    for station in range(stations):
        crowd.first[station] = -1
        if network.arrivals[station] > 0:
            stream = 2 * stations + station
            crowd.drawn[stream] = 1
            wait = exponential(crowd.keys[stream], 0) / network.arrivals[station]
            push(events, wait, (station << 32) | NOBODY)
    now = 0.0
    while left < customers:
        now = events.times[0]
        station, customer = events.says[0] >> 32, events.says[0] & NOBODY
        sums[2] += 1.0
        if customer == NOBODY:
            inside += 1
            if inside >= len(crowd.came):
                raise OverflowError("more customers than there is room for")
            arrive(network, crowd, station, crowd.free[inside], now)
            continue
        waiting = crowd.first[station]
        if waiting >= 0:
            crowd.first[station] = crowd.behind[waiting]
            sums[4 + station] += 1.0
            sums[4 + stations + station] += now - crowd.queued[waiting]
            replace_first(events, now + serving_time(network, crowd, station), (station << 32) | waiting)
        else:
            take_server(crowd, station, -1, now)
            drop_first(events)
        onward = goes_to(network, crowd, station)
        if onward >= 0:
            if come(network, crowd, onward, customer, now):
                push(events, now + serving_time(network, crowd, onward), (onward << 32) | customer)
            continue
        crowd.free[inside] = customer
        inside -= 1
        left += 1
        if left > begun:
            sums[0] += 1.0
            sums[1] += now - crowd.came[customer]
        elif left == begun:
            warm_at = now
            for each in range(stations):
                sums[4 + each] = sums[4 + stations + each] = sums[4 + 2 * stations + each] = 0.0
                crowd.since[each] = now
    for each in range(stations):
        sums[4 + 2 * stations + each] += crowd.busy[each] * (now - crowd.since[each])
    sums[3] = now - warm_at
