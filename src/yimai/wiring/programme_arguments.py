"""What ``yimai programme`` is told to import, export and print."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

Command = Callable[..., argparse.ArgumentParser]
FORMS = ("iati", "sdmx", "csvw")


def add(under: Any, command: Command) -> None:
    """The commands under ``yimai programme`` that are about more than its file."""
    words = (
        "Take in rows of the register (CSV, XLSX), or plans and results (IATI, SDMX-JSON, CSVW): all of them, or none."
    )
    taken = command(under, "import", words, _import)
    taken.add_argument("file", type=Path)
    taken.add_argument("--person", required=True, help="identifier of the planner who enters them")
    taken.add_argument("--preview", action="store_true", help="only show what would become of each row")
    taken.add_argument("--source", default="", help="source of what the file gives no source for")
    given = command(under, "export", "Write the plans with their published results for others.", _export)
    given.add_argument("--format", choices=FORMS, required=True, help="IATI 2.03 XML, SDMX-JSON 2.0, or CSVW in a ZIP")
    given.add_argument("file", type=Path)
    given.add_argument("--person", default="", help="a planner: also numbers that are not published")
    given.add_argument("--day", type=date.fromisoformat, help="as of which these are computed (today)")
    brief = command(under, "brief", "Write the programme in brief as a PDF.", _brief)
    brief.add_argument("file", type=Path)
    brief.add_argument("--language", choices=("zh", "en"), default="zh", help="of the document (zh)")
    brief.add_argument("--person", default="", help="a planner: also numbers that are not published")
    brief.add_argument("--day", type=date.fromisoformat, help="as of which it tells (today)")


def _brief(chosen: argparse.Namespace) -> int:
    from yimai.wiring import export_command

    return export_command.brief(chosen.folder, chosen.file, chosen.language, chosen.person, chosen.day)


def _import(chosen: argparse.Namespace) -> int:
    from yimai.wiring import register_command

    return register_command.import_file(
        chosen.folder, chosen.file, chosen.person, preview=chosen.preview, source=chosen.source
    )


def _export(chosen: argparse.Namespace) -> int:
    from yimai.wiring import export_command

    return export_command.export(chosen.folder, chosen.format, chosen.file, chosen.person, chosen.day)
