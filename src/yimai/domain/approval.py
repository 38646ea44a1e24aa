"""Recipes, bases, programmes and measures are facts: approving one is a signed fact that holds its canonical content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final

from yimai.domain.base import Base, base_from
from yimai.domain.content import written
from yimai.domain.fact import Fact, Signature
from yimai.domain.recipe import Recipe
from yimai.domain.recipe_check import check_recipe
from yimai.domain.recipe_content import recipe_from
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.canonical import decode, encode
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class RecipeApproved(Fact):
    """A recipe file was approved and counts from now on.

    content: the recipe file's canonical content; batches pin the version.
    """

    kind: ClassVar[str] = "approval.recipe_approved.v1"
    about: ClassVar[tuple[str, ...]] = ("recipe",)
    recipe: str
    version: str
    content: Mapping[str, Any]
    approved: Signature


@dataclass(frozen=True, slots=True)
class BaseApproved(Fact):
    """A base file was approved and counts from now on."""

    kind: ClassVar[str] = "approval.base_approved.v1"
    about: ClassVar[tuple[str, ...]] = ("base",)
    base: str
    version: str
    content: Mapping[str, Any]
    approved: Signature


@dataclass(frozen=True, slots=True)
class ProgrammeApproved(Fact):
    """A programme file was approved and counts from now on."""

    kind: ClassVar[str] = "approval.programme_approved.v1"
    about: ClassVar[tuple[str, ...]] = ("programme",)
    programme: str
    version: str
    content: Mapping[str, Any]
    approved: Signature


@dataclass(frozen=True, slots=True)
class MeasureApproved(Fact):
    """A measure's definition was approved: numbers by it may be published.

    definition: the SHA-256, in hex, of the content's canonical form: what receipts name it by.
    """

    kind: ClassVar[str] = "approval.measure_approved.v1"
    about: ClassVar[tuple[str, ...]] = ("measure",)
    measure: str
    version: str
    definition: str
    content: Mapping[str, Any]
    approved: Signature


MEASURE_UNKNOWN = RefusalKind(
    "approval.measure_unknown",
    "This version of Yimai defines no measure '{measure}'. Choose one of: {known}.",
    "本版本没有定义度量“{measure}”。可选：{known}。",
)
NOT_APPROVED = RefusalKind(
    "approval.not_approved",
    "No approved {what} {id} in this ledger. Have its file approved first.",
    "账本中没有已批准的 {what} {id}。请先批准其文件。",
)
SAME_VERSION = RefusalKind(
    "approval.same_version",
    "{what} {id} version {version} is already approved with other content. Give the changed file a new version.",
    "{what} {id} 版本 {version} 已以其他内容批准。请为修改后的文件使用新版本号。",
)
ALREADY_APPROVED = RefusalKind(
    "approval.already_approved",
    "{what} {id} version {version} is already approved with exactly this content; nothing to do.",
    "{what} {id} 版本 {version} 已以相同内容批准，无需操作。",
)
UNREADABLE = RefusalKind(
    "approval.unreadable",
    "This is no {what}: at {path}, {problem}. Correct that place and try again.",
    "这不是 {what} 的内容：{path} 处 {problem}。请更正后重试。",
)
UNSOUND = RefusalKind(
    "approval.unsound",
    "Recipe {recipe} {version} cannot be approved; problems: {number}. The first, at {path}: {problem}. Correct the file.",
    "工艺规程 {recipe} {version} 不能批准，问题数：{number}。第一处在 {path}：{problem}。请更正文件。",
)
CACHED: Final = 64


def may_approve(
    earlier: Sequence[Fact], what: str, identifier: str, version: str, content: Mapping[str, Any]
) -> Refusal | None:
    """Whether this version is new, given the earlier approvals of the same recipe, base, programme or measure."""
    for fact in earlier:
        if (
            isinstance(fact, RecipeApproved | BaseApproved | ProgrammeApproved | MeasureApproved)
            and fact.version == version
        ):
            same = encode(dict(fact.content)) == encode(dict(content))
            kind = ALREADY_APPROVED if same else SAME_VERSION
            return kind(what=what, id=identifier, version=version)
    return None


def measure_is_approved(definition: str, earlier: Sequence[Fact]) -> bool:
    """Whether the definition with this hash was approved."""
    return any(isinstance(each, MeasureApproved) and each.definition == definition for each in earlier)


def sound(recipe: Recipe) -> Refusal | None:
    """Whether the recipe makes sense as a whole: without its identity test, say, a hard gate would be missing."""
    problems = check_recipe(recipe)
    if not problems:
        return None
    first = problems[0]
    return UNSOUND(
        recipe=recipe.id,
        version=recipe.version,
        number=len(problems),
        path=written(first.path),
        problem=f"{first.what.zh} ({first.what.en})",
    )


def recipe_of(entries: Sequence[Entry], version: str = "") -> Recipe:
    """The recipe in the approval of that version, else in the latest. Raises KeyError if there is none."""
    return _recipe(_content(entries, RecipeApproved.kind, version))


def base_of(entries: Sequence[Entry]) -> Base:
    """The base as last approved. Raises KeyError if there is none."""
    return _base(_content(entries, BaseApproved.kind, ""))


def _content(entries: Sequence[Entry], kind: str, version: str) -> bytes:
    for entry in reversed(entries):
        if entry.kind == kind and (not version or entry.data["version"] == version):
            return entry.content
    raise KeyError(kind, version)


@lru_cache(maxsize=CACHED)
def _recipe(content: bytes) -> Recipe:
    return recipe_from(_inner(content))


@lru_cache(maxsize=CACHED)
def _base(content: bytes) -> Base:
    return base_from(_inner(content))


def _inner(content: bytes) -> dict[str, Any]:
    entry: Any = decode(content)
    inner: dict[str, Any] = entry["data"]["content"]
    return inner
