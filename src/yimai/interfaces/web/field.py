"""The fields of forms: each reads what was typed or scanned into an argument, or says in both languages what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Final

from django.core.files.uploadedfile import UploadedFile

from yimai.domain import access
from yimai.domain.fact import Quantity, measurable
from yimai.domain.identifier import LETTERS, typed
from yimai.domain.label_code import FOREIGN, scanned
from yimai.domain.person import Role
from yimai.domain.reason import REASONS
from yimai.domain.recipe import Limits, Words
from yimai.domain.refusal import Refusal
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation

NOTHING: Final = Words("", "")
YES: Final = Words("是", "Yes")
NO: Final = Words("否", "No")
SECOND_PERSON: Final = Words("第二人（复核）", "Second person (checks)")
LARGEST_FILE: Final = 1_000_000
"""Bytes of an uploaded file; a logger of a 72-hour journey writes some 50 kB."""
LONGEST_TEXT: Final = 4000

MISSING: Final = Words("请填写此项。", "Fill this in.")
NOT_SCANNED: Final = Words("请扫描标签。", "Scan the label.")
NO_NUMBER: Final = Words(
    "请填写数字，例如 12.5（小数点用“.”，不用逗号）。", "Enter a number, for example 12.5, with a point and no commas."
)
NO_WHOLE: Final = Words("请填写整数，例如 3。", "Enter a whole number, for example 3.")
NO_DAY: Final = Words("请填写日期，例如 2026-08-03。", "Enter a date, for example 2026-08-03.")
NO_MOMENT: Final = Words("请填写日期和时间。", "Enter a date and a time.")
NOT_OFFERED: Final = Words("请从列表中选择。", "Choose one from the list.")
NO_COPY: Final = Words(
    "请扫描标签上的码，需要标签份号。", "Scan the code on the label itself: its copy number is needed."
)
NOT_TICKED: Final = Words("确认后请勾选。", "Tick this once it is so.")
TOO_LARGE: Final = Words(
    "文件过大（上限 1 MB）。请导出较小的文件。", "The file is too large (1 MB at most). Export a smaller one."
)
TOO_LONG: Final = Words(
    "文字过长（上限 4000 字）。请缩短。", "The text is too long (4,000 characters at most). Shorten it."
)
TOO_MANY: Final = Words("项目过多。请分次录入。", "Too many. Enter them in several turns.")


class Unreadable(Exception):
    """What was typed is no value of this field. words: why, and what to do. shown: what could be read of it."""

    def __init__(self, words: Words, shown: Preview | None = None) -> None:
        super().__init__(words.en)
        self.words, self.shown = words, shown


@dataclass(frozen=True)
class Typed:
    """What was posted: texts by name, and files."""

    texts: Mapping[str, Sequence[str]]
    files: Mapping[str, UploadedFile[Any]]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "").strip()

    def all(self, name: str) -> Sequence[str]:
        return self.texts.get(name, ())


Option = tuple[str, Words]
Options = Callable[[Situation], Sequence[Option]]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. name: of the argument that it gives. optional: may stay empty, and then gives ``empty``.

    proposed: what stands in it at first, where the address does not say it. once_asked: whether its kind is asked only where an answer is
    needed, and so not called optional.
    """

    name: str
    title: Words
    hint: Words = NOTHING
    optional: bool = False
    empty: Any = ""
    proposed: Callable[[Situation], str] | None = None
    widget: ClassVar[str]
    once_asked: ClassVar[bool] = False

    def read(self, typed: Typed, situation: Situation) -> Any:
        """The argument. Raises Unreadable."""
        text = typed.one(self.name)
        if not text:
            if self.optional:
                return self.empty
            raise Unreadable(self.missing)
        return self.value(text, situation)

    missing: ClassVar[Words] = MISSING

    def value(self, text: str, situation: Situation) -> Any:
        return text

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        """What the widget's template needs beside the field."""
        return {}

    def rows(self, typed: Typed, situation: Situation) -> Sequence[Any]:
        """What the template of a field of several rows draws in each of them."""
        return ()

    def is_asked(self, typed: Typed, problems: Mapping[str, Words]) -> bool:
        """Whether it is drawn at all; some are only where others' answers raise a question."""
        return True

    def initial(self, situation: Situation) -> Sequence[str]:
        given = situation.given.get(self.name)
        if given is None and self.proposed is not None:
            given = self.proposed(situation)
        return (given,) if given else ()


@dataclass(frozen=True, kw_only=True)
class Given(Field):
    """What the address says already; shown, not typed."""

    widget: ClassVar[str] = "given"
    title: Words = NOTHING


@dataclass(frozen=True, kw_only=True)
class Shown(Given):
    """What is known already and must be seen. shown: in words."""

    widget: ClassVar[str] = "shown"
    shown: Callable[[Situation], Words]

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"shown": self.shown(situation)}


@dataclass(frozen=True, kw_only=True)
class Scan(Field):
    """One scanned label, of which the action is given the identifier.

    nouns: what it may be (``container``, ``wristband`` …). The rule decides whether it is the right one, so that a wrong
    one is put on record; only what was misread is sent back at once. again: another field may hold the same scan.
    What bears one of our labels is never filled in from the address: whoever scans has the thing in his hand. expected: the one that
    it must be, where the form is about that one, so that another is told at once; the server decides all the same.
    """

    nouns: tuple[str, ...]
    again: bool = False
    expected: str = ""
    widget: ClassVar[str] = "scan"
    missing: ClassVar[Words] = NOT_SCANNED

    def initial(self, situation: Situation) -> Sequence[str]:
        return () if LETTERS.keys() & set(self.nouns) else super().initial(situation)

    def value(self, text: str, situation: Situation) -> str:
        return scanned_identifier(text)


@dataclass(frozen=True, kw_only=True)
class ScanCopy(Scan):
    """One scanned label of which the copy counts: gives ``Scanned`` with its copy."""

    def value(self, text: str, situation: Situation) -> Any:
        read = scanned(text)
        if isinstance(read, Refusal):
            raise Unreadable(Words(read.zh, read.en))
        if read.copy is None:
            raise Unreadable(NO_COPY)
        return read


@dataclass(frozen=True, kw_only=True)
class Scans(Field):
    """Several scanned labels, in order, none twice; what one of our labels says is scanned, never filled in by a link."""

    nouns: tuple[str, ...]
    most: int = 20
    widget: ClassVar[str] = "scans"

    def initial(self, situation: Situation) -> Sequence[str]:
        return () if LETTERS.keys() & set(self.nouns) else super().initial(situation)

    def read(self, typed_: Typed, situation: Situation) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(scanned_identifier(each) for each in typed_.all(self.name) if each.strip()))
        if not found and not self.optional:
            raise Unreadable(NOT_SCANNED)
        if len(found) > self.most:
            raise Unreadable(TOO_MANY)
        return found


@dataclass(frozen=True, kw_only=True)
class Measure(Field):
    """A measured quantity. units: UCUM codes, the first is proposed. limits: shown, and coloured as one types."""

    units: tuple[str, ...]
    limits: Limits | None = None
    assumed: bool = False
    widget: ClassVar[str] = "measure"

    def read(self, typed_: Typed, situation: Situation) -> Quantity | Any:
        number = super().read(typed_, situation)
        if not isinstance(number, Decimal):
            return number
        unit = typed_.one(f"{self.name}.unit") or self.units[0]
        if unit not in self.units:
            raise Unreadable(NOT_OFFERED)
        return Quantity(number, unit)

    def value(self, text: str, situation: Situation) -> Decimal:
        return decimal(text)


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A decimal without a unit of its own. unit: UCUM code that is shown beside it."""

    unit: str = "1"
    widget: ClassVar[str] = "number"

    def value(self, text: str, situation: Situation) -> Decimal:
        return decimal(text)


@dataclass(frozen=True, kw_only=True)
class Whole(Field):
    """A whole number from ``least`` to ``most``."""

    least: int = 0
    most: int = 10**9
    widget: ClassVar[str] = "whole"

    def value(self, text: str, situation: Situation) -> int:
        try:
            number = int(text)
        except ValueError:
            raise Unreadable(NO_WHOLE) from None
        if not self.least <= number <= self.most:
            raise Unreadable(
                Words(
                    f"请填写 {self.least} 到 {self.most} 之间的整数。",
                    f"Enter a whole number from {self.least} to {self.most}.",
                )
            )
        return number


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of the options, as large tiles where there are few."""

    options: Options
    widget: ClassVar[str] = "choice"
    missing: ClassVar[Words] = NOT_OFFERED

    def value(self, text: str, situation: Situation) -> str:
        if text not in {code for code, _ in self.options(situation)}:
            raise Unreadable(NOT_OFFERED)
        return text

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"options": self.options(situation)}


@dataclass(frozen=True, kw_only=True)
class Choices(Field):
    """Any number of the options."""

    options: Options
    widget: ClassVar[str] = "choices"

    def read(self, typed_: Typed, situation: Situation) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(each for each in typed_.all(self.name) if each))
        if not chosen and not self.optional:
            raise Unreadable(NOT_OFFERED)
        if not set(chosen) <= {code for code, _ in self.options(situation)}:
            raise Unreadable(NOT_OFFERED)
        return chosen

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"options": self.options(situation)}


def reason(*codes: str, name: str = "reason", optional: bool = False) -> Choice:
    """Choose one of these reasons (codes of ``domain.reason``)."""
    listed = tuple((code, REASONS[code]) for code in codes)
    return Choice(name=name, title=Words("理由", "Reason"), optional=optional, options=lambda _: listed)


@dataclass(frozen=True, kw_only=True)
class YesNo(Field):
    """Yes or no, neither of them proposed."""

    yes: Words = YES
    no: Words = NO
    widget: ClassVar[str] = "yes_no"
    missing: ClassVar[Words] = NOT_OFFERED

    def value(self, text: str, situation: Situation) -> bool:
        if text not in ("yes", "no"):
            raise Unreadable(NOT_OFFERED)
        return text == "yes"


@dataclass(frozen=True, kw_only=True)
class Tick(Field):
    """Something that must be so before one goes on."""

    widget: ClassVar[str] = "tick"
    missing: ClassVar[Words] = NOT_TICKED

    def value(self, text: str, situation: Situation) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class Confirmation(Tick):
    """What one confirms to have looked at; the signature stands for it, and the action is given nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    secret: bool = False
    widget: ClassVar[str] = "day"

    def value(self, text: str, situation: Situation) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Unreadable(NO_DAY) from None


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A date and time at one's own site; gives an aware time in its zone."""

    widget: ClassVar[str] = "moment"

    def value(self, text: str, situation: Situation) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Unreadable(NO_MOMENT) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=situation.now.tzinfo or timezone(timedelta(hours=8)))
        return moment


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """Free text, which goes to the vault: gives bytes. lines: how high the box is."""

    lines: int = 4
    widget: ClassVar[str] = "text"

    def value(self, text: str, situation: Situation) -> bytes | str:
        if len(text) > LONGEST_TEXT:
            raise Unreadable(TOO_LONG)
        return text.encode()


@dataclass(frozen=True, kw_only=True)
class Line(Field):
    """One line of text: an identifier that the base gives, a position, a reference. Gives str.

    secret: names a person, so it is never kept on the tablet.
    """

    longest: int = 100
    secret: bool = False
    widget: ClassVar[str] = "line"

    def value(self, text: str, situation: Situation) -> str:
        if len(text) > self.longest or not text.isprintable():
            raise Unreadable(TOO_LONG)
        return text


@dataclass(frozen=True, kw_only=True)
class Upload(Field):
    """A file, which goes to the vault: gives its bytes."""

    accept: str = ""
    widget: ClassVar[str] = "upload"

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"most": LARGEST_FILE}

    def read(self, typed_: Typed, situation: Situation) -> bytes:
        found = typed_.files.get(self.name)
        if found is None:
            if self.optional:
                return b""
            raise Unreadable(MISSING)
        if (found.size or 0) > LARGEST_FILE:
            raise Unreadable(TOO_LARGE)
        found.seek(0)
        return bytes(found.read())


@dataclass(frozen=True, kw_only=True)
class Colleague(Field):
    """Another person of one's own site, of one of the roles: those on shift and second persons first.

    Whether he may do it is the rule's to say.
    """

    roles: tuple[Role, ...]
    widget: ClassVar[str] = "colleague"
    title: Words = SECOND_PERSON
    missing: ClassVar[Words] = Words("请选择在场的第二人。", "Choose the second person, who is here.")

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        wanted = set(self.roles)
        people = [each for each in situation.colleagues if wanted & set(each.roles) and each != situation.who]
        people.sort(key=lambda each: (each.person in situation.resting, "second_person" not in each.roles, each.person))
        return {"people": people}


def second_person(verb: str) -> Colleague:
    """Who verifies what another does, on the same tablet: everybody whom the table of access lets do that."""
    return Colleague(name="verifier", roles=access.roles_of(verb, "verifier"))


def scanned_identifier(text: str) -> str:
    """The identifier of the label that was scanned; a foreign label stands for itself. Raises Unreadable if it was misread."""
    read = scanned(text)
    if not isinstance(read, Refusal):
        return read.identifier
    if read.kind is FOREIGN:
        return typed(text)
    raise Unreadable(Words(read.zh, read.en))


def decimal(text: str) -> Decimal:
    """A decimal as people type it, with a point. Raises Unreadable.

    A comma is not guessed at: in both languages it divides thousands, and 1,400 read as 1.4 would be a wrong record.
    """
    written = text.replace("．", ".").replace("。", ".").replace("−", "-").replace(" ", "")
    if "_" in written:
        raise Unreadable(NO_NUMBER)
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise Unreadable(NO_NUMBER) from None
    if not measurable(number):
        raise Unreadable(NO_NUMBER)
    return number
