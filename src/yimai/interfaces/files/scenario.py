"""A simulation's scenario as a YAML file: any of its fields, each a value, or a value with its source.

For example ``no_show: 0.05`` or ``no_show: { value: 0.05, source: our register of 2025 }``. A field that is not named keeps its default.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from yimai.domain.recipe import Source, Words
from yimai.interfaces.files.mistake import FileRefused, Mark, Mistake
from yimai.planning.scenario import Arrivals, Scenario

LARGEST = 1024 * 1024


def read_scenario(file: Path) -> Scenario:
    """The scenario that the file describes. Raises ``FileRefused``, OSError."""
    raw = file.read_bytes()
    if len(raw) > LARGEST:
        _refuse(file, 1, "the file is larger than 1 MiB", "文件超过 1 MiB")
    try:
        content = YAML(typ="rt").load(raw.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError) as problem:
        mark = getattr(problem, "problem_mark", None)
        _refuse(file, mark.line + 1 if mark else 1, "this is not YAML in UTF-8", "不是 UTF-8 编码的 YAML 文件")
    if not isinstance(content, dict):
        _refuse(file, 1, "write one field a line, such as no_show: 0.05", "每行写一个字段，例如 no_show: 0.05")
    scenario, sources = Scenario(), {}
    known = {each.name: getattr(scenario, each.name) for each in fields(scenario) if each.name != "sources"}
    mistakes: list[Mistake] = []
    for name, written in content.items():
        line = content.lc.key(name)[0] + 1
        if name not in known:
            mistakes.append(
                _mistake(
                    file, line, f"{name} is no field of a scenario; known are {', '.join(known)}", f"未知字段 {name}"
                )
            )
            continue
        value, source = written, Source(f"{file.name}", assumed=False)
        if isinstance(written, dict) and "value" in written:
            value = written["value"]
            source = Source(str(written.get("source", file.name)), bool(written.get("assumed", False)))
        try:
            scenario = replace(scenario, **{name: _value(name, value, known[name])})
        except (TypeError, ValueError, KeyError) as problem:
            mistakes.append(_mistake(file, line, f"{name}: {problem}", f"{name} 的值有误"))
        sources[name] = source
    if mistakes:
        raise FileRefused(mistakes)
    return replace(scenario, sources=tuple(sources.items()))


def _value(name: str, written: Any, default: Any) -> Any:
    """The value as the field wants it. Raises TypeError, ValueError, KeyError."""
    if name == "arrivals":
        return tuple(
            Arrivals(
                str(each["hospital"]),
                str(each["indication"]),
                _number(each["per_year"]),
                _share(each.get("urgent", 0.2)),
            )
            for each in written
        )
    if name == "failure_factor":
        return tuple((str(key), _number(value)) for key, value in written.items())
    if isinstance(default, str):
        return str(written)
    number = _number(written)
    if isinstance(default, int):
        if number != int(number):
            raise ValueError("this is counted in whole numbers")
        return int(number)
    if name in SHARES:
        return _share(number)
    return number


SHARES = frozenset(
    {
        "urgent", "no_show", "collection_failures", "courier_delay", "retained", "remake_failures", "hold_loss", "positive",
        "repeats", "out_of_specification_supply", "suite_failure_loss", "absence", "quantile",
    }
)  # fmt: skip


def _number(written: Any) -> float:
    if isinstance(written, bool) or not isinstance(written, int | float):
        raise TypeError(f"{written!r} is not a number")
    if not 0 <= float(written) < 1e12:
        raise ValueError(f"{written!r} is not a number from 0 on")
    return float(written)


def _share(written: Any) -> float:
    if (share := _number(written)) > 1:
        raise ValueError(f"{written!r} is not a share from 0 to 1")
    return share


def _mistake(file: Path, line: int, en: str, zh: str) -> Mistake:
    return Mistake(file, Mark(line, 1), Words(zh, en))


def _refuse(file: Path, line: int, en: str, zh: str) -> None:
    raise FileRefused([_mistake(file, line, en, zh)])
