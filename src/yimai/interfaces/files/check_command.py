"""``yimai recipe check``, ``yimai base check`` and ``yimai programme check``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.reading import check_together, read_base, read_programme, read_recipe


def check_recipe(path: Path, base: Path | None = None, console: Console | None = None) -> int:
    """Check a recipe file, and whether the base can run it; print what is wrong and return the exit code, 0 or 1."""

    def check() -> str:
        recipe = read_recipe(path)
        if base is not None:
            check_together(recipe, read_base(base))
        made = recipe.recipe
        assumed = _assumed(recipe.content)
        return (
            f"recipe {made.id} version {made.version}: {len(made.operations)} operations, {len(made.steps)} steps, "
            f"{len(made.samples)} samples, {len(made.tests)} tests; {assumed} numbers are assumed"
        )

    return _reported(check, console)


def check_base(path: Path, console: Console | None = None) -> int:
    """Check a base file; print what is wrong and return the exit code, 0 or 1."""

    def check() -> str:
        base = read_base(path).base
        return (
            f"base {base.id} version {base.version}: {len(base.suites)} suites, "
            f"{len(base.equipment)} pieces of equipment, {len(base.people)} people, {len(base.material_lots)} lots"
        )

    return _reported(check, console)


def check_programme(path: Path, console: Console | None = None) -> int:
    """Check a programme file; print what is wrong and return the exit code, 0 or 1."""

    def check() -> str:
        programme = read_programme(path).programme
        kinds = Counter(site.kind for site in programme.sites)
        sites = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        return (
            f"programme {programme.id} version {programme.version}: {len(programme.plans)} plans, "
            f"{len(programme.goals)} goals, sites: {sites}"
        )

    return _reported(check, console)


def _reported(check: Callable[[], str], console: Console | None) -> int:
    out = console or Console(highlight=False)
    try:
        summary = check()
    except FileRefused as refused:
        for mistake in refused.mistakes:
            place = f"{mistake.file}:{mistake.mark.line}:{mistake.mark.column}"
            line = Text.assemble((place, "bold"), ": ", mistake.what.en, "\n    ", (mistake.what.zh, "dim"))
            out.print(line, soft_wrap=True)
        number = len(refused.mistakes)
        out.print(Text(f"{number} {'mistake' if number == 1 else 'mistakes'}; nothing was loaded", "red"))
        return 1
    out.print(Text.assemble(("ok", "green"), " ", summary), soft_wrap=True)
    return 0


def _assumed(content: object) -> int:
    """How many parts of the content are marked as assumed."""
    if isinstance(content, dict):
        return int(content.get("assumed") is True) + sum(_assumed(part) for part in content.values())
    return sum(_assumed(part) for part in content) if isinstance(content, list) else 0
