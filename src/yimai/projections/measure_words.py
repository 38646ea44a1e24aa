"""What measures are called in words: how each counts, why a fact does not count, on what a value rests, in what it is counted."""

from __future__ import annotations

from typing import Final

from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.recipe import Words

RULES: Final[dict[str, Words]] = {
    "standing": Words(
        "当日在登记册上、未注销、未合并、未撤销的，各计一个。",
        "What stands on the register on the day and is neither closed, merged nor dissolved counts one each.",
    ),
    "facilities": Words(
        "当日持有称号的设施各计一个；同一设施有多个称号的，只计最先授予的一个。",
        "A site that bears a title on the day counts one; of several titles the one given first counts.",
    ),
    "designations": Words(
        "当日有效的称号各计一个；须在开业且位于所问区域的单位。",
        "Each title that is borne on the day counts one, at establishments that are open and lie where it is asked for.",
    ),
    "products": Words(
        "所问期间内申请（或获批）的产品各计一个；以同一产品最后一次记录为准。",
        "Each product that was filed (or authorised) in the period counts one, as it was said last.",
    ),
    "returns": Words(
        "当日已结束的最近一个年度的年度申报相加；每份申报取最新的经审计版本，无审计则取最新版本。",
        "The returns of the last year that is over on the day are added; of each the newest audited one, else the newest.",
    ),
    "doses": Words(
        "期间内放行且期末未撤销的批次各计一剂，以首次放行为准。",
        "Each batch released in the period and not revoked by its end counts one dose, by its first release.",
    ),
    "listed_value": Words(
        "期间内放行的批次按当日公布价格相加；没有公布价格的不计。这是已证明的小计，不是产业规模。",
        "The released batches at the list price of the day; those without one do not count. A proven subtotal, not the industry's scale.",
    ),
    "patients": Words(
        "期间内开始回输的治疗各计一名患者。",
        "Each treatment whose infusion began in the period counts one patient.",
    ),
    "on_time": Words(
        "期间内的回输中，不迟于首次预订档期所承诺时间开始的比例。",
        "Of the infusions in the period, the share that began no later than the slot reserved first had promised.",
    ),
    "vein_to_vein": Words(
        "期间内每次回输：最后一次采集至回输的整小时数，取中位数（偶数时取较小者）。",
        "Of the infusions in the period, whole hours from the last collection to the infusion: the median (the lower of two).",
    ),
    "slots": Words("期间内每次预订档期各计一个，无论后来如何。", "Each slot reserved in the period counts one, whatever became of it."),
    "suites": Words("当日已登记且未停用的生产单元各计一个。", "Each suite that is registered and not out of use on the day counts one."),
}  # fmt: skip
REASONS: Final[dict[str, Words]] = {
    "corrected": Words("已被更正", "corrected by a later entry"),
    "district_unknown": Words("区域不明", "its district is not known"),
    "earlier": Words("早于所问期间", "before the period that is asked for"),
    "ended": Words("当日已终止", "ended by then"),
    "figure_missing": Words("申报未载此数", "the return does not state this figure"),
    "later": Words("晚于所问之日", "after the day that is asked for"),
    "no_effect": Words("不影响结果", "changes nothing"),
    "no_price": Words("没有公布价格", "no list price"),
    "other_district": Words("其他区域", "another district"),
    "other_therapies": Words("其他疗法", "other therapies"),
    "other_type": Words("其他类型", "another type"),
    "other_year": Words("其他年度", "another year"),
    "outdone_by_audit": Words("已有经审计的申报", "an audited return counts instead"),
    "out_of_use": Words("停用", "out of use"),
    "same_batch": Words("同一批次已计", "the batch counts already"),
    "same_facility": Words("同一设施已计", "the facility counts already"),
    "same_treatment": Words("同一治疗已计", "the treatment counts already"),
    "therapies_unknown": Words("疗法不明", "its therapies are not known"),
    "incomplete": Words("记录不全", "not all of it is on record"),
    "basis": Words("决定其他事实是否计入", "decides whether others count"),
    "": Words("尚不在其中", "not among the facts"),
}  # fmt: skip
EVIDENCE: Final[dict[str, Words]] = {
    "ledger": Words("由账本证明", "proven from the ledger"),
    "audited": Words("经审计", "audited"),
    "register": Words("据登记册", "from the register"),
    "self_declared": Words("自行申报", "self-declared"),
}
COMPARATORS: Final[dict[str, Words]] = {
    "gt": Words(">", ">"),
    "ge": Words("≥", "≥"),
    "lt": Words("<", "<"),
    "le": Words("≤", "≤"),
    "eq": Words("=", "="),
    "between": Words("介于", "between"),
    "exists": Words("有", "there is one"),
}
UNITS: Final[dict[str, Words]] = {
    "dose": Words("剂", "doses"),
    "patient": Words("名患者", "patients"),
    "hour": Words("小时", "hours"),
    "slot": Words("个档期", "slots"),
    "suite": Words("个生产单元", "suites"),
    "firm": Words("家企业", "firms"),
    "cluster": Words("个集聚区", "clusters"),
    "facility": Words("个载体", "facilities"),
    "designation": Words("项认定", "designations"),
    "application": Words("件申请", "applications"),
    "product": Words("个产品", "products"),
    "centre_or_ward": Words("个中心或病房", "centres or wards"),
    "person": Words("人", "people"),
}
ONE: Final[dict[str, Words]] = {
    unit: Words(UNITS[unit].zh, one)
    for unit, one in (
        ("dose", "dose"), ("patient", "patient"), ("hour", "hour"), ("slot", "slot"), ("suite", "suite"), ("firm", "firm"),
        ("cluster", "cluster"), ("facility", "facility"), ("designation", "designation"), ("application", "application"),
        ("product", "product"), ("centre_or_ward", "centre or ward"), ("person", "person"),
    )
}  # fmt: skip
"""What a single one is called."""
if missing := {each.rule for each in DEFINITIONS.values()} - RULES.keys():
    raise LookupError(f"rules without words: {sorted(missing)}")
