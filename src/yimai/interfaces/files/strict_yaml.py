"""YAML 1.2 read strictly: every mistake with its line and column, and every number as it was written.

Refused: more than 2 MiB, other encodings than UTF-8, tabs, anchors and aliases, tags, keys that are not plain text or
occur twice, more than one document, and nesting deeper than 32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from yimai.domain.content import Path as ContentPath
from yimai.domain.recipe import Words
from yimai.interfaces.files.mistake import FileRefused, Mark, Mistake
from yimai.ledger.entry import Json

LARGEST = 2 * 1024 * 1024
DEEPEST = 32
WHOLE = re.compile(r"[-+]?\d+")
KEY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
LARGEST_WHOLE = 2**53 - 1


@dataclass(slots=True)
class MarkedContent:
    """A file's content with the mark of every value (``values``) and of every key (``keys``), by their paths.

    A number with a fraction or an exponent is kept as its own text, so that no digit is lost.
    """

    file: Path
    content: Json = None
    values: dict[ContentPath, Mark] = field(default_factory=dict)
    keys: dict[ContentPath, Mark] = field(default_factory=dict)

    def mark(self, path: ContentPath) -> Mark:
        """The mark of the value at the path, else of the nearest part around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Mark(1, 1))


def read_yaml(file: Path) -> MarkedContent:
    """Read one YAML document; raises ``FileRefused`` with all mistakes found."""
    text = _text_of(file)
    reader = _Reader(file, text)
    if reader.mistakes:
        raise FileRefused(reader.mistakes)
    return reader.marked


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise FileRefused([_mistake(file, Mark(1, 1), f"cannot read the file: {reason}", "无法读取文件")]) from None
    if len(raw) > LARGEST:
        en = f"the file is larger than {LARGEST} bytes (2 MiB): shorten it"
        raise FileRefused([_mistake(file, Mark(1, 1), en, "文件超过 2 MiB，请拆分")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start].decode("utf-8")
        mark = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        en = f"byte 0x{raw[problem.start]:02X} is not UTF-8: save the file as UTF-8"
        raise FileRefused([_mistake(file, mark, en, "文件不是 UTF-8 编码，请另存为 UTF-8")]) from None
    tabs = [
        _mistake(file, Mark(number, line.index("\t") + 1), "a tab: use spaces instead", "含有制表符，请改用空格")
        for number, line in enumerate(text.split("\n"), 1)
        if "\t" in line
    ]
    if tabs:
        raise FileRefused(tabs)
    return text.removeprefix("\ufeff")


def _mistake(file: Path, mark: Mark, en: str, zh: str) -> Mistake:
    return Mistake(file, mark, Words(zh=zh, en=en))


class _Hopeless(Exception):
    """Reading on would only cost time: the parser needs the square of the depth."""


class _Reader:
    """Builds the content from the parser's events, so that nothing is resolved, expanded or dropped behind our back."""

    def __init__(self, file: Path, text: str) -> None:
        self.marked = MarkedContent(file)
        self.mistakes: list[Mistake] = []
        self.events: Iterator[Event] = iter(())
        try:
            self.events = iter(YAML(typ="safe", pure=True).parse(text))
            self._document()
        except _Hopeless:
            pass
        except MarkedYAMLError as problem:
            at = problem.problem_mark or problem.context_mark
            mark = Mark(at.line + 1, at.column + 1) if at is not None else Mark(1, 1)
            reason = " ".join(part for part in (problem.context, problem.problem) if part)
            self._refuse(mark, f"not valid YAML: {reason}", "不是有效的 YAML，请检查缩进、引号和括号")
        except YAMLError as problem:
            self._refuse(Mark(1, 1), f"not valid YAML: {str(problem).splitlines()[0]}", "不是有效的 YAML")

    def _refuse(self, mark: Mark, en: str, zh: str) -> None:
        self.mistakes.append(_mistake(self.marked.file, mark, en, zh))

    def _document(self) -> None:
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(_mark(event), "a second document: keep one document a file", "一个文件只能有一个文档")
            elif isinstance(event, NodeEvent):
                content = self._node(event, ())
                if documents == 1:
                    self.marked.content = content
        if documents == 0:
            self._refuse(Mark(1, 1), "the file is empty: start from docs/catalogue.md's example", "文件为空")

    def _node(self, event: Event, path: ContentPath) -> Json:
        mark = _mark(event)
        self.marked.values[path] = mark
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            self._refuse(mark, "an anchor or alias: write the value out in full", "不允许使用锚点或别名，请完整写出")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(mark, f"a tag ({tag}): leave it out", "不允许使用标签，请删除")
        if len(path) > DEEPEST:
            self._refuse(mark, f"nested deeper than {DEEPEST}: flatten it", "嵌套过深")
            raise _Hopeless
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event) if isinstance(event, ScalarEvent) else None

    def _mapping(self, path: ContentPath) -> dict[str, Json]:
        fields: dict[str, Json] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            mark = _mark(event)
            key = event.value if isinstance(event, ScalarEvent) else None
            if key is None:
                self._refuse(mark, "a key that is not plain text: give it a name", "键必须是普通文本")
                raise _Hopeless
            if not KEY.fullmatch(key):
                en = f"{key!r} is no key: use a-z, 0-9 and _; quote a text that has a comma or ': ' in it"
                self._refuse(mark, en, "键只能含小写字母、数字和下划线；文本中若有逗号或冒号，请加引号")
            elif key in fields:
                first = self.marked.keys[(*path, key)]
                en = f"{key} occurs twice; it is already on line {first.line}: keep one"
                self._refuse(mark, en, f"键 {key} 重复（首次在第 {first.line} 行），请只保留一个")
            following = next(self.events)
            value = self._node(following, (*path, key))
            if isinstance(following, ScalarEvent) and following.style is None and not following.value:
                self.marked.values[(*path, key)] = mark  # the parser places nothing on the next line
            if key not in fields:
                fields[key] = value
                self.marked.keys[(*path, key)] = mark
        return fields

    def _sequence(self, path: ContentPath) -> list[Json]:
        values: list[Json] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            values.append(self._node(event, (*path, len(values))))
        return values

    def _scalar(self, event: ScalarEvent) -> Json:
        text: str = event.value
        if event.style is not None:
            return text
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return text in ("true", "True", "TRUE")
        if WHOLE.fullmatch(text):
            return int(text) if len(text) <= 17 and abs(int(text)) <= LARGEST_WHOLE else text
        return text


def _mark(event: Event) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
