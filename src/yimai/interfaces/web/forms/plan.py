"""Plans: draft and amend them, set their goals and targets, supersede a reading, say what a plan has become."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, Literal

from yimai.actions import plan
from yimai.domain.fact import Fact
from yimai.domain.goal import GoalClause, GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven
from yimai.domain.plan_rows import fates_of, sourced
from yimai.domain.recipe import Words
from yimai.domain.target import Baseline, TargetSet, TargetSuperseded
from yimai.interfaces.web.fact_fields import HINTS, LONGEST, fields_for, source_field
from yimai.interfaces.web.field import Choice, Day, Field, Line, Unreadable, Whole, reason
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.plan_changes import differences
from yimai.interfaces.web.rows_file import RowsFile
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import FIELDS, VALUES

NO_VALUES: Final = Words(
    "请填写整数，多个以空格隔开，例如 4 5。", "Enter whole numbers, several divided by blanks, such as 4 5."
)


def _said(argument: str, fact: type[Fact]) -> Callable[[Arguments, Situation], dict[str, Any]]:
    return lambda values, _: {argument: fact(**values)}


class _Numbers(Line):
    """Whole numbers, divided by blanks."""

    def value(self, text: str, situation: Situation) -> Any:
        numbers = super().value(text, situation).replace("，", " ").replace(",", " ").split()
        if not all(each.lstrip("-").isdecimal() and each.isascii() for each in numbers):
            raise Unreadable(NO_VALUES)
        return tuple(int(each) for each in numbers)


def _goal(values: Arguments, _: Situation) -> dict[str, Any]:
    clauses = tuple(
        GoalClause(language, values[f"clause_{language}"], *(values[f"{each}_{language}"] for each in CLAUSE_FIELDS))
        for language in LANGUAGES
        if values[f"clause_{language}"]
    )
    return {"goal": GoalSet(values["goal"], values["plan"], values["title_zh"], values["title_en"], clauses)}


def _target(values: Arguments, _: Situation) -> dict[str, Any]:
    given = dict(values)
    value, day = given.pop("baseline_value"), given.pop("baseline_day")
    baseline = Baseline(value, day) if value is not None and day else None
    return {"target": TargetSet(**given, baseline=baseline)}


PLANS: Final = RowsFile(
    name="rows",
    title=Words("文件（IATI、SDMX-JSON 或 CSVW）", "File (IATI, SDMX-JSON or CSVW)"),
    hint=Words(
        "其中的结果作为报告值录入，不是度量所得。", "Results in it come in as reported values, not as measured ones."
    ),
    accept=".xml,.json,.zip",
    noun="plan",
    judge=fates_of,
    finish=lambda rows, typed: sourced(rows, typed.one("source")),
)


def _clause(language: str, of: Words) -> Iterator[Field]:
    """What is asked about the clause in one language."""
    titled = {name: Words(of.zh + FIELDS[name].zh, f"{of.en}: {FIELDS[name].en}") for name in CLAUSE_FIELDS}
    yield Line(name=f"clause_{language}", title=of, longest=LONGEST, optional=True)
    yield Choice(
        name=f"wording_{language}", title=titled["wording"], options=lambda _: WORDINGS, optional=True, empty="reported"
    )
    yield source_field(f"source_{language}", titled["source"], optional=True)
    yield Line(name=f"page_{language}", title=titled["page"], hint=HINTS["page"], optional=True, longest=40)


def _new_source(verb: str) -> Callable[[Situation], tuple[tuple[Words, str], ...]]:
    """The way to a source that is not in the list yet, and back to this form."""
    return lambda situation: (
        (
            Words("登记列表中没有的来源", "Name a source that is not in the list"),
            address("register.record", {"entry": "source", "next": address(verb, situation.given)}),
        ),
    )


LANGUAGES: Final[tuple[Literal["zh", "en"], ...]] = ("zh", "en")
CLAUSE_FIELDS: Final = ("wording", "source", "page")
WORDINGS: Final = tuple((code, VALUES[code]) for code in ("quoted", "reported"))
FORMS: Final = (
    Form(
        plan.draft,
        Words("起草或修订计划", "Draft or amend a plan"),
        tuple(fields_for(PlanDrafted)),
        button=Words("核对", "Check"),
        guide=Words(
            "已有的计划再次起草即为修订，此后以新内容为准；原内容仍可查。",
            "A plan that exists is amended by drafting it again: the new counts from then on, the old can still be read.",
        ),
        build=_said("drafted", PlanDrafted),
        preview=differences("plan", PlanDrafted),
        others=_new_source("plan.draft"),
    ),
    Form(
        plan.give_status,
        Words("登记计划状态", "Record a plan's status"),
        tuple(fields_for(PlanStatusGiven)),
        build=_said("given", PlanStatusGiven),
        preview=differences("plan", PlanStatusGiven),
        others=_new_source("plan.give_status"),
    ),
    Form(
        plan.set_goal,
        Words("设立或修订目标", "Set or amend a goal"),
        (
            *fields_for(GoalSet, without=("clauses",)),
            *_clause("zh", Words("中文条文", "Clause in Chinese")),
            *_clause("en", Words("英文条文", "Clause in English")),
        ),
        build=_goal,
        preview=differences("goal", GoalSet),
        others=_new_source("plan.set_goal"),
    ),
    Form(
        plan.set_target,
        Words("设立指标", "Set a target"),
        (
            *fields_for(TargetSet, without=("values", "baseline")),
            _Numbers(
                name="values",
                title=FIELDS["values"],
                hint=Words("整数；金额以分计。介于两数之间时填两个。", "Whole numbers, money in fen; two of them for between."),
                optional=True,
                empty=(),
            ),
            Whole(name="baseline_value", title=Words("基线值", "Baseline"), most=10**15, optional=True, empty=None),
            Day(name="baseline_day", title=Words("基线日", "Day of the baseline"), optional=True),
        ),
        guide=Words(
            "同一条文的不同解读各设一个指标，并列显示。",
            "Each reading of a clause is a target of its own; readings that differ are shown side by side.",
        ),
        build=_target,
        others=_new_source("plan.set_target"),
    ),
    Form(
        plan.take_in,
        Words("导入计划与结果", "Take in plans and results"),
        (
            replace(
                source_field("source", FIELDS["source"], optional=True),
                hint=Words("文件中没有注明来源的内容以此为来源。", "Of what the file itself gives no source for."),
            ),
            PLANS,
        ),
        button=Words("核对", "Check"),
        build=lambda values, _: {"rows": values["rows"]},
        preview=PLANS.preview,
        others=_new_source("plan.take_in"),
    ),
    Form(
        plan.supersede_target,
        Words("取代指标", "Supersede a target"),
        (
            *fields_for(TargetSuperseded, without=("reason",)),
            reason("plan_amended", "clause_misread", "measure_changed"),
        ),
        build=_said("superseded", TargetSuperseded),
    ),
)  # fmt: skip
