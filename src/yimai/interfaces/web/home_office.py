"""Homes of those who make nothing: planner, inspector, administrator; and the pages to which each role goes from its home."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.interfaces.web import page
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.to_do import beginnings
from yimai.interfaces.web.today import needs_attention
from yimai.projections import approval_board, treatment_board
from yimai.projections.register import PersonRow

OFFICE: Final[frozenset[Role]] = frozenset({"planner", "inspector", "administrator"})
MOST: Final = 24


@dataclass(frozen=True, slots=True)
class Place:
    """A page that a role goes to. row: of the table of access."""

    page: str
    row: str
    title: Words
    what: Words

    @property
    def address(self) -> str:
        return reverse(self.page)


_SUITES = Place(
    "suites", "read.suites", Words("生产单元排程", "Suites over time"),
    Words("预订、生产、空闲与停用", "Reserved, running, free, out of use"),
)  # fmt: skip
_TIMETABLE = Place(
    "timetable", "read.timetable", Words("基地时间表", "The base's timetable"),
    Words("计划与承诺、人员与设备负荷", "Planned and promised, load of people and equipment"),
)  # fmt: skip
_REPAIR = Place(
    "repair", "timetable.repair", Words("修复时间表", "Repair the timetable"),
    Words("发生故障或缺勤时的方案", "Ways to go on when something has broken"),
)  # fmt: skip
_WHAT_IF = Place(
    "what_if", "read.what_if", Words("如果……会怎样？", "What if?"),
    Words("增加单元、夜班、需求变化的影响", "Another suite, a night shift, more demand: what it would do"),
)  # fmt: skip
_ROADMAP = Place(
    "roadmap", "read.roadmap", Words("布局方案", "Roadmap"),
    Words("由目标求费用最低的布局及其把握", "The cheapest way to meet the goals, and its odds"),
)  # fmt: skip
_CALIBRATION = Place(
    "calibration", "read.calibration", Words("实测与规程", "Measured and recipe"),
    Words("步骤时长、收率、失败率与漂移", "How long steps take, what they yield, how often they fail; drift"),
)  # fmt: skip
_PEOPLE = Place(
    "people", "read.people", Words("人员与资质", "People and qualifications"), Words("角色、资质及其期限", "Roles, qualifications, until when")
)  # fmt: skip
_SITES = Place("sites", "read.sites", Words("站点", "Sites"), Words("医院、基地、承运人", "Hospitals, bases, couriers"))
_EQUIPMENT = Place(
    "equipment", "read.equipment", Words("设备", "Equipment"), Words("校准期限与停用", "Calibration, and what is out of use")
)  # fmt: skip
_LEDGER = Place(
    "ledger", "read.ledger", Words("账本与验证", "The ledger and its verification"),
    Words("根哈希；重新验证每条事实", "Roots; every fact derived again"),
)  # fmt: skip
_ACCOUNTS = Place(
    "account_administration", "read.accounts", Words("账号", "Accounts"),
    Words("开户、解锁、结束会话、吊销", "Make, unlock, end sessions, revoke"),
)  # fmt: skip
_EVENTS = Place(
    "account_events",
    "read.account_events",
    Words("账号事件", "Events of accounts"),
    Words("登录与变更", "Signing in, changes"),
)
_PROGRAMME = Place(
    "programme", "read.programme", Words("计划与目标", "Programme and goals"), Words("目标原文、读法与来源", "Goals word for word, readings, sources")
)  # fmt: skip
_TODAY = Place("today", "read.treatment", Words("今日", "Today"), Words("各阶段的治疗", "Treatments by stage"))

PLACES: Final[Mapping[Role, tuple[Place, ...]]] = {
    "scheduler": (_TIMETABLE, _REPAIR, _WHAT_IF, _CALIBRATION, _SUITES, _EQUIPMENT, _TODAY),
    "operator": (_TIMETABLE, _SUITES, _EQUIPMENT),
    "qa": (_CALIBRATION,),
    "qualified_person": (_CALIBRATION,),
    "planner": (_PROGRAMME, _ROADMAP, _WHAT_IF, _CALIBRATION, _SITES, _LEDGER),
    "inspector": (_LEDGER, _TODAY, _TIMETABLE, _SUITES, _CALIBRATION, _EQUIPMENT, _PEOPLE, _SITES, _EVENTS, _PROGRAMME),
    "administrator": (_PEOPLE, _SITES, _ACCOUNTS, _EQUIPMENT, _EVENTS, _LEDGER),
}
BEGINNINGS: Final[Mapping[Role, tuple[str, ...]]] = {
    "administrator": ("site.register_person", "site.register_site", "equipment.register"),
    "planner": ("approval.approve_programme", "plan.draft", "register.record", "annual_return.file", "receipt.publish"),
}


def places(who: PersonRow, roles: Iterable[Role]) -> tuple[Place, ...]:
    """The pages of these roles, as far as the table of access opens them to the reader."""
    listed = dict.fromkeys(place for role in roles for place in PLACES.get(role, ()))
    return tuple(place for place in listed if permitted(who, place.row))


def office(
    request: HttpRequest, cursor: psycopg.Cursor[tuple[object, ...]], who: PersonRow, roles: tuple[Role, ...]
) -> HttpResponse:
    """The home of somebody who has no tasks of his own on any treatment."""
    inspects = "inspector" in roles
    begun = dict.fromkeys(verb for role in roles for verb in BEGINNINGS.get(role, ()))
    if approval_board.base(cursor, who.site) is None:
        begun.pop("equipment.register", None)  # what classes there are stands in the base's file
    attention = [each for each in treatment_board.visible(cursor) if needs_attention(each)][:MOST] if inspects else []
    context = {
        "site": who.site,
        "places": places(who, roles),
        "beginnings": beginnings(begun, who),
        "searches": inspects,
        "attention": attention,
    }
    return page.show(request, cursor, "home_office", context)
