"""What the link back from a form says: where it leads to."""

from __future__ import annotations

from typing import Final

from django.urls import Resolver404, resolve

from yimai.domain.recipe import Words

PLACES: Final = {
    "home": Words("返回我的工作", "Back to my work"),
    "home_of": Words("返回我的工作", "Back to my work"),
    "today": Words("返回今日", "Back to today"),
    "treatments": Words("返回治疗列表", "Back to the treatments"),
    "treatment": Words("返回治疗", "Back to the treatment"),
    "treatment_facts": Words("返回治疗的记录", "Back to the treatment's facts"),
    "batch": Words("返回批记录", "Back to the batch record"),
    "disposition": Words("返回例外审核", "Back to the review by exception"),
    "certificate": Words("返回证书", "Back to the certificate"),
    "deviation": Words("返回偏差", "Back to the deviation"),
    "sample": Words("返回样品", "Back to the sample"),
    "lot": Words("返回物料批", "Back to the material lot"),
    "about": Words("返回追溯", "Back to the trace"),
    "people": Words("返回人员名册", "Back to the people"),
    "sites": Words("返回站点", "Back to the sites"),
    "equipment": Words("返回设备", "Back to the equipment"),
    "suites": Words("返回排程", "Back to the suites"),
    "timetable": Words("返回时间表", "Back to the timetable"),
    "repair": Words("返回时段修复", "Back to the repair of slots"),
    "programme": Words("返回计划", "Back to the programme"),
    "plan": Words("返回行动方案", "Back to the plan"),
    "register": Words("返回登记册", "Back to the register"),
    "register_thing": Words("返回登记册", "Back to the register"),
    "account_administered": Words("返回账号", "Back to the account"),
}
ELSEWHERE: Final = Words("返回", "Back")


def way_back(address: str) -> Words:
    """What a link to this address of ours says; a plain word where the page has no name that people know."""
    try:
        name = resolve(address.partition("?")[0]).url_name
    except Resolver404:
        return ELSEWHERE
    return PLACES.get(name or "", ELSEWHERE)
