"""Time and chance are arguments: only ``interfaces/`` and ``wiring/`` own a clock or a source of randomness."""

from __future__ import annotations

import ast

from tests.architecture.sources import Module, modules, place

OWNERS = {"interfaces", "wiring"}
CLOCKS_AND_DICE = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "django.utils.timezone.now",
    "os.urandom",
    "os.getrandom",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "numpy.random.default_rng",
}
WHOLE_MODULES = ("random.", "secrets.")


def test_no_room_below_the_doors_looks_at_a_clock_or_throws_dice() -> None:
    found = [
        f"{place(module.path, node.lineno)} {name}"
        for module in modules()
        if module.room not in OWNERS
        for node, name in module.references()
        if (name in CLOCKS_AND_DICE or name.startswith(WHOLE_MODULES)) and node not in _allowed_defaults(module)
    ]
    assert not found, "\n".join(found)


def _allowed_defaults(module: Module) -> set[ast.expr]:
    """In ``store/`` the operating system's randomness may be the default of an argument that wiring can replace."""
    if module.room != "store":
        return set()
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]
    return {default for each in functions for default in (*each.args.defaults, *each.args.kw_defaults) if default}
