"""The brief as a PDF: the same sealed state, day and language give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pylopdf_fonts_zh_cn
import typst

from yimai.domain.recipe import Words
from yimai.interfaces.web.city_map import CityMap
from yimai.interfaces.web.templatetags.wording import SHANGHAI

if TYPE_CHECKING:
    from yimai.interfaces.web.brief import Brief

_TEMPLATE: Final = str(Path(__file__).with_name("brief.typ"))
_FONTS: Final = typst.Fonts(include_system_fonts=False, font_paths=[str(pylopdf_fonts_zh_cn.sans_path().parent)])
Language = Literal["zh", "en"]
WORDS: Final = {
    "as-of": Words("截至", "As of"), "ledger": Words("账本", "Ledger"), "facts": Words("条事实，根", "facts, root"),
    "sealed": Words("封存于", "sealed"), "simulated-short": Words("模拟演示", "Simulated demonstration"), "simulated": Words(
        "演示：人员、患者、治疗和申报均为模拟的合成数据，不得用于任何决定。",
        "Demonstration: people, patients, treatments and returns are simulated and synthetic, not for any decision."),
    "honest": Words("成就由事实度量。没有事实说明的即为未知，而不是零。",
                    "What has been achieved is measured from facts. What no fact tells is unknown: not zero."),
    "goal": Words("目标与条文", "Goal and clause"), "target": Words("指标", "Target"), "value": Words("数值", "Value"),
    "outcome": Words("结果", "Outcome"), "pace": Words("进度", "Pace"), "evidence": Words("证据", "Evidence"),
    "receipt": Words("凭据", "Receipt"), "aim": Words("没有数值的目标", "an aim without a number"),
    "by": Words("截止", "by"), "verbatim": Words("原文", "verbatim"), "retold": Words("来源转述", "retold by the source"),
    "reported": Words("他人报告，非度量所得：", "Reported by others, not measured:"), "unpublished": Words("未发布", "not published"),
    "source": Words("来源", "Source"), "colon": Words("：", ": "), "sources": Words("来源及其可靠程度", "Sources, and how well each is known"),
    "sites": Words("登记册中的场所", "Sites on the register"),
    "absent": Words("位置未知，不在图上：", "Not on the map, as their place is not known:"),
    "invented": Words("演示用虚构", "invented for the demonstration"),
    "outlines": Words(
        "轮廓：Apache ECharts。图钉位于地名所指区域的中部。",
        "Outlines: Apache ECharts. Pins stand in the middle of the area that a site is named after."),
    "receipts": Words("凭据的 SHA-256", "SHA-256 of the receipts"),
}  # fmt: skip


def pdf(told: Brief, language: Language) -> bytes:
    """PDF/A-2b, dated when the state was sealed; plain PDF where a title has a character that no font has."""
    inputs = {"brief": json.dumps(_given(told, language), ensure_ascii=False, sort_keys=True)}
    stamp = int(told.at.sealed.timestamp())
    try:
        return _drawn(inputs, stamp, ["a-2b"])
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return _drawn(inputs, stamp, [])


def _drawn(inputs: dict[str, str], stamp: int, standards: list[Any]) -> bytes:
    drawn = typst.compile(
        _TEMPLATE, font_paths=_FONTS, sys_inputs=inputs, format="pdf", pdf_standards=standards, timestamp=stamp
    )
    assert isinstance(drawn, bytes)
    return drawn


def _given(told: Brief, language: Language) -> dict[str, Any]:
    """What ``brief.typ`` reads, in one language."""

    def said(words: Words) -> str:
        return words.zh if language == "zh" else words.en

    return {
        "language": language, "words": {name: said(words) for name, words in WORDS.items()}, "title": said(told.title),
        "owner": said(told.owner), "day": told.day.isoformat(), "ledger": told.at.ledger, "size": told.at.size,
        "root": told.at.root.hex(), "sealed": told.at.sealed.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M UTC+8"), "simulated": told.simulated,
        "plans": [
            {
                "title": said(plan.title), "period": plan.period, "status": said(plan.status), "source": said(plan.source),
                "goals": [
                    {
                        "title": said(goal.title),
                        "clauses": [{"text": text, "wording": wording, "source": said(source)} for text, wording, source in goal.clauses],
                        "targets": [_target(each, said) for each in goal.targets],
                    }
                    for goal in plan.goals
                ],
            }
            for plan in told.plans
        ],
        "map": _svg(told.map) if told.map is not None else "",
        "pins": [
            {"number": pin.number, "title": said(pin.site.title), "invented": pin.site.demonstration}
            for pin in (told.map.pins if told.map is not None else ())
        ],
        "absent": [said(site.title) for site in (told.map.absent if told.map is not None else ())],
        "sources": [{"title": said(title), "known": said(known)} for title, known in told.sources],
    }  # fmt: skip


def _target(each: Any, said: Any) -> dict[str, Any]:
    return {
        "wanted": said(each.wanted), "reading": said(each.reading), "deadline": each.deadline.isoformat(), "value": said(each.value),
        "why": said(each.why), "day": each.day, "outcome": said(each.outcome), "pace": said(each.pace),
        "evidence": said(each.evidence), "receipt": each.receipt, "published": each.published,
        "reported": [said(words) for words in each.reported],
    }  # fmt: skip


def _svg(drawn: CityMap) -> str:
    """The map without words: the list beside it says what the numbers stand for."""
    paths = "".join(
        f'<path d="{each.path}" fill="#fff" stroke="#9a9484" stroke-width="1.2"/>' for each in drawn.districts
    )
    pins = "".join(
        f'<circle cx="{pin.x}" cy="{pin.y}" r="13" fill="#a50034"/><text x="{pin.x}" y="{pin.y + 6}" font-family="Noto Sans SC"'
        f' font-size="17" text-anchor="middle" fill="#fff">{pin.number}</text>'
        for pin in drawn.pins
    )
    size = f'viewBox="0 0 {drawn.width} {drawn.height}" width="{drawn.width}" height="{drawn.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect width="100%" height="100%" fill="#eaf1f8"/>{paths}{pins}</svg>'
