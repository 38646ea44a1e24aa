"""Whether a file's content has the shape that its JSON Schema describes, every misfit with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from yimai.domain.content import Path, Problem
from yimai.domain.recipe import Words
from yimai.ledger.entry import Json

FileKind = Literal["recipe", "base", "programme", "roadmap"]

TYPES = {
    "object": Words("命名字段", "named fields"),
    "array": Words("列表", "a list"),
    "string": Words("文本（数字请加引号）", "a text (quote it if it looks like a number)"),
    "integer": Words("整数", "a whole number"),
    "number": Words("数字", "a number"),
    "boolean": Words("true 或 false", "true or false"),
}


@cache
def schema_of(kind: FileKind) -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of this kind of file."""
    text = files("yimai").joinpath("catalogue", "schemas", f"{kind}.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def misfits(content: Json, kind: FileKind) -> list[Problem]:
    """Every place where the content departs from the schema; empty when it fits."""
    schema = schema_of(kind)
    checker = Draft202012Validator.FORMAT_CHECKER
    errors = Draft202012Validator(schema, format_checker=checker).iter_errors(content)
    return list(dict.fromkeys(problem for error in errors for problem in _problems(error)))


def canonical(content: Json, kind: FileKind) -> Json:
    """Content that fits, with every decimal as text: ``0.15`` and ``"0.15"`` in a file are the same content."""
    schema = schema_of(kind)
    return _canonical(content, schema, schema["$defs"])


def _canonical(value: Json, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Json:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        if name == "decimal":
            return str(value)
        schema = definitions[name]
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        return {key: _canonical(item, known.get(key, others), definitions) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item, schema["items"], definitions) for item in value]
    return value


def _problems(error: ValidationError) -> Iterator[Problem]:
    path: Path = tuple(error.absolute_path)
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    rule, found = str(error.validator), cast(Any, error.instance)
    wanted: Any = error.validator_value
    if rule == "additionalProperties":
        known = list(schema.get("properties", {}))
        for key in found:
            if key not in known:
                yield Problem((*path, key), _unknown_key(key, known, found[key]))
    elif rule == "required":
        yield from (Problem(path, _missing(key)) for key in wanted if key not in found and repr(key) in error.message)
    elif rule == "dependentRequired":
        for key, needed in wanted.items():
            if key in found:
                yield from (Problem((*path, key), _missing(name)) for name in needed if name not in found)
    else:
        yield Problem(path, _sentence(rule, wanted, found, str(schema.get("description", ""))))


def _unknown_key(key: str, known: list[str], value: Json) -> Words:
    if value is None:
        en = f"unknown key {key} without a value: if it belongs to the text before the comma, quote that text"
        return Words(f"未知的键 {key}；若属于逗号前的文本，请给整段文本加引号", en)
    near = get_close_matches(key, known, 1)
    if near:
        return Words(f"未知的键 {key}；是否为 {near[0]}?", f"unknown key {key}: did you mean {near[0]}?")
    allowed = ", ".join(sorted(known))
    return Words(f"未知的键 {key}；可用：{allowed}", f"unknown key {key}: use one of {allowed}")


def _missing(key: str) -> Words:
    return Words(f"缺少 {key}，请补充", f"{key} is missing: add it")


def _sentence(rule: str, wanted: Any, found: Any, description: str) -> Words:
    match rule:
        case "type":
            kinds = [TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted[:1])]
            shown = _shown(found)
            return Words(f"应为{kinds[0].zh}，而不是 {shown}", f"expected {kinds[0].en}, found {shown}")
        case "enum":
            choices = ", ".join(str(choice) for choice in wanted)
            return Words(f"{_shown(found)} 不在可选值内：{choices}", f"{_shown(found)} is none of {choices}")
        case "minimum" | "maximum":
            sign, zh = ("at least", "不小于") if rule == "minimum" else ("at most", "不大于")
            return Words(f"{found} 应{zh} {wanted}", f"{found} must be {sign} {wanted}")
        case "minItems" | "minProperties" | "minLength":
            return Words("不能为空，请填写", "it must not be empty: give at least one")
        case "maxLength":
            return Words(f"不得超过 {wanted} 个字符", f"at most {wanted} characters are taken: shorten it")
        case "uniqueItems":
            return Words("列表中有重复项，请只保留一个", "an item occurs twice: keep one")
        case "not":
            forbidden = sorted({key for key in _named_in(wanted) if isinstance(found, dict) and key in found})
            listed = ", ".join(forbidden)
            return Words(f"此处不能使用 {listed}，请删除", f"{listed} cannot stand here (together): leave it out")
        case _:
            return Words(f"{_shown(found)} 格式不对", f"{_shown(found)} does not fit: {description}")


def _named_in(wanted: Any) -> Iterator[str]:
    yield from wanted.get("required", ())
    for other in wanted.get("anyOf", ()):
        yield from _named_in(other)


def _shown(found: Any) -> str:
    if found is None:
        return "nothing"
    if isinstance(found, dict):
        return "named fields"
    if isinstance(found, list):
        return "a list"
    if isinstance(found, bool):
        return "true" if found else "false"
    return repr(found) if isinstance(found, str) else str(found)
