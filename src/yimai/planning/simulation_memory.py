"""The rows of a simulation's model and state, and where compiled code finds them in what it is given (``compiled.packed``)."""

from __future__ import annotations

from typing import Final

import numpy as np

from yimai.planning.compiled import Packed, compiled, rows
from yimai.planning.event_heap import Events

KINDS: Final = np.dtype(
    [("median", "f8"), ("sigma", "f8"), ("least", "f8"), ("planned", "f8"), ("begins", "f8"), ("ends", "f8"), ("tail", "i4"), ("task", "i4"),
     ("calendar", "i4"), ("opens", "i4"), ("use_first", "i4"), ("use_last", "i4"), ("rival_first", "i4"), ("rival_last", "i4")],
    align=True,
)  # fmt: skip
TASKS: Final = np.dtype(
    [("chance", "f8"), ("test_odds", "f8"), ("remain", "f8"), ("role", "i4"), ("waits", "i4"), ("most", "i4"), ("final", "i4"),
     ("closes_end", "i4"), ("closes_start", "i4"), ("follow_first", "i4"), ("follow_last", "i4"), ("hold_first", "i4"),
     ("hold_last", "i4"), ("fail_first", "i4"), ("fail_last", "i4")], align=True,
)  # fmt: skip
ROWS: Final = np.dtype([("value", "f8"), ("number", "i4"), ("amount", "i4")], align=True)
HOSPITALS: Final = np.dtype([("lead", "f8"), ("whole", "f8")], align=True)
SOURCES: Final = np.dtype([("rate", "f8"), ("factor", "f8"), ("urgent", "f8"), ("hospital", "i8")], align=True)
PIECES: Final = np.dtype([("varying", "i4"), ("pieces", "i4")], align=True)
SPANS: Final = np.dtype([("extra", "f8"), ("resource", "i8")], align=True)

RESOURCES: Final = np.dtype(
    [("area", "f8"), ("since", "f8"), ("offered", "f8"), ("used", "i4"), ("down", "i4"), ("capacity", "i4"), ("coming", "i4"),
     ("carried", "i4")], align=True,
)  # fmt: skip
QUEUES: Final = np.dtype([("woken", "f8"), ("head", "i4")], align=True)
SLOTS: Final = np.dtype(
    [("order", "f8"), ("ready", "f8"), ("started", "f8"), ("ended", "f8"), ("following", "i4"), ("carries", "i4"), ("waits", "i2"),
     ("run", "i1"), ("queued", "i1")], align=True,
)  # fmt: skip
PATIENTS: Final = np.dtype(
    [("ordered", "f8"), ("prepared", "f8"), ("worsens", "f8"), ("promised", "f8"), ("vein", "f8"), ("wait", "f8"),
     ("source", "i4"), ("suite", "i4"), ("held", "i4"), ("generation", "i4"), ("collections", "i4"), ("batches", "i4"),
     ("urgent", "i1"), ("phase", "i1"), ("committed", "i1"), ("frozen", "i1"), ("flagged", "i1"), ("reviewed", "i1")], align=True,
)  # fmt: skip
SUITES: Final = np.dtype([("forecast", "f8"), ("returned", "f8"), ("holder", "i4"), ("broken", "i4")], align=True)

_F8: Final = np.dtype("f8")
_I4: Final = np.dtype("i4")
_I8: Final = np.dtype("i8")

kinds_in = rows("kinds", KINDS)
tasks_in = rows("tasks", TASKS)
rows_in = rows("rows", ROWS)
kind_of_in = rows("kind_of", _I4, 2)
calendars_in = rows("calendars", _I4, 2)
hospitals_in = rows("hospitals", HOSPITALS)
sources_in = rows("sources", SOURCES)
pieces_in = rows("resources", PIECES)
spans_in = rows("spans", SPANS)
changes_in = rows("changes", _F8)
capacity_in = rows("capacity", _I4, 2)
people_in = rows("people", _I4, 2)
odds_in = rows("odds", _F8)
resources_at = rows("resources", RESOURCES)
queues_at = rows("kinds", QUEUES)
slots_at = rows("slots", SLOTS)
patients_at = rows("patients", PATIENTS)
suites_at = rows("suites", SUITES)
touched_at = rows("touched", _I4)
tally_at = rows("tally", _F8)
lost_at = rows("lost", _F8, 2)
keys_at = rows("keys", np.dtype("u8"))
_times_at = rows("times", _F8)
_says_at = rows("says", _I8)
_size_at = rows("size", _I8)


@compiled
def events_at(state: Packed) -> Events:
    """What is going to happen."""
    return Events(_times_at(state), _says_at(state), _size_at(state))
