"""What happens next: a heap of events by their time, in compiled code. Each event carries one whole number that says what it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yimai.planning.compiled import compiled
from yimai.planning.problem import Floats


class Events(NamedTuple):
    """times, says: of each event. size: shape (1,), how many there are. Events of one time come in no particular, but always the same, order."""

    times: Floats
    says: NDArray[np.int64]
    size: NDArray[np.int64]


def no_events(most: int) -> Events:
    """An empty heap with room for so many."""
    return Events(np.empty(most + 1, np.float64), np.empty(most + 1, np.int64), np.zeros(1, np.int64))


@compiled
def push(events: Events, time: float, says: int) -> None:
    """Let something happen at this time. Raises OverflowError where there is no room."""
    times, words = events.times, events.says
    at = events.size[0]
    if at >= len(times) - 1:
        raise OverflowError("more events than there is room for")
    events.size[0] = at + 1
    while at > 0:
        above = (at - 1) >> 1
        if times[above] <= time:
            break
        times[at] = times[above]
        words[at] = words[above]
        at = above
    times[at] = time
    words[at] = says


@compiled
def drop_first(events: Events) -> None:
    """Take the first event away."""
    last = events.size[0] - 1
    events.size[0] = last
    if last > 0:
        sink(events, events.times[last], events.says[last])


@compiled
def replace_first(events: Events, time: float, says: int) -> None:
    """Take the first event away and let another happen: one way through the heap instead of two."""
    sink(events, time, says)


@compiled
def sink(events: Events, time: float, says: int) -> None:
    """Put this event in the first's place and let it sink to where it belongs."""
    times, words, size = events.times, events.says, events.size[0]
    at = 0
    below = 1
    times[size] = np.inf
    while below < size:
        below += times[below + 1] < times[below]  # without a branch, which would be guessed wrong each second time
        if times[below] >= time:
            break
        times[at] = times[below]
        words[at] = words[below]
        at = below
        below = 2 * at + 1
    times[at] = time
    words[at] = says
