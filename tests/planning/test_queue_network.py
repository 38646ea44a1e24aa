"""The simulation's events and chance give what the theory of queues says, within confidence limits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from yimai.planning.queue_network import Passed, Station, passage
from yimai.planning.simulate import estimate

SURE = 0.999


def runs(stations: Sequence[Station], customers: int = 30_000, number: int = 30) -> list[Passed]:
    return [passage(stations, customers, 1, replication) for replication in range(number)]


def assert_mean(values: Sequence[float], theory: float) -> None:
    found = estimate(np.array(values), SURE)
    assert found.low < theory < found.high, (found, theory)
    assert found.half < 0.1 * theory


def wait_in_line(arrivals: float, mean: float, servers: int) -> float:
    """Erlang's mean wait for one of the servers."""
    load = arrivals * mean
    terms = [load**number / math.factorial(number) for number in range(servers)]
    last = load**servers / math.factorial(servers) / (1 - load / servers)
    return last / (sum(terms) + last) * mean / (servers - load)


@pytest.mark.parametrize(("servers", "arrivals"), [(1, 0.7), (3, 2.4), (8, 7.0)])
def test_many_servers(servers: int, arrivals: float) -> None:
    found = runs([Station(servers, 1.0, arrivals)])
    wait = wait_in_line(arrivals, 1.0, servers)
    assert_mean([each.waits[0] for each in found], wait)
    assert_mean([each.hours for each in found], wait + 1.0)
    assert_mean([each.busy[0] for each in found], arrivals)


@pytest.mark.parametrize("spread", [0.3, 1.5])
def test_any_service(spread: float) -> None:
    """Pollaczek and Khinchine."""
    found = runs([Station(1, 1.0, 0.6, spread)], 50_000)
    assert_mean([each.waits[0] for each in found], 0.6 * (1 + spread**2) / 2 / (1 - 0.6))


def test_a_network_with_ways_back() -> None:
    """Jackson: each station as if alone, with the arrivals that the traffic's equations give."""
    stations = [
        Station(2, 0.5, 1.0, onward=(0.0, 0.6, 0.4)),
        Station(1, 0.4, 0.3, onward=(0.2, 0.0, 0.3)),
        Station(3, 1.2, 0.0, onward=(0.1, 0.0, 0.0)),
    ]
    ways = np.array([each.onward for each in stations])
    arrivals = np.linalg.solve(np.eye(3) - ways.T, [each.arrivals for each in stations])
    found = runs(stations)
    waits = [wait_in_line(rate, each.mean, each.servers) for rate, each in zip(arrivals, stations, strict=True)]
    for number, (rate, each, wait) in enumerate(zip(arrivals, stations, waits, strict=True)):
        assert_mean([one.waits[number] for one in found], wait)
        assert_mean([one.busy[number] for one in found], rate * each.mean)
    inside = sum(rate * (wait + each.mean) for rate, each, wait in zip(arrivals, stations, waits, strict=True))
    assert_mean([each.hours for each in found], inside / 1.3)


def test_a_network_that_overflows_says_so() -> None:
    with pytest.raises(OverflowError):
        passage([Station(1, 1.0, 2.0)], 100_000, 1, 0, room=1_000)
