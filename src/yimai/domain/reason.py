"""Reasons as stored in facts: codes with titles. Free text may name a person, so it lies in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal, RefusalKind

REASONS: Final[Mapping[str, Words]] = {
    "patient_unfit": Words("患者状况不适宜", "Patient not fit"),
    "patient_choice": Words("患者选择", "Patient's choice"),
    "physician_decision": Words("医师决定", "Physician's decision"),
    "progression": Words("疾病进展", "Progression"),
    "death": Words("死亡", "Death"),
    "consent_withdrawn": Words("撤回知情同意", "Consent withdrawn"),
    "manufacture_impossible": Words("无法生产", "Manufacture impossible"),
    "payment_pending": Words("费用待确认", "Payment pending"),
    "ordered_in_error": Words("误下医嘱", "Ordered in error"),
    "capacity": Words("产能不足", "No capacity"),
    "not_indicated": Words("不符合适应证", "Not indicated"),
    "rescheduled": Words("改期", "Rescheduled"),
    "did_not_come": Words("患者未到院", "Patient did not come"),
    "collection_failed": Words("采集失败", "Collection failed"),
    "batch_failed": Words("批次失败", "Batch failed"),
    "cancelled": Words("已取消", "Cancelled"),
    "quality_concern": Words("质量疑虑", "Quality concern"),
    "investigation": Words("调查中", "Under investigation"),
    "out_of_specification": Words("超出质量标准", "Out of specification"),
    "late_positive": Words("迟到的阳性结果", "Late positive result"),
    "within_validated_range": Words("在已验证范围内", "Within the validated range"),
    "stability_data_support": Words("稳定性数据支持", "Supported by stability data"),
    "outside_validated_range": Words("超出已验证范围", "Outside the validated range"),
    "benefit_outweighs_risk": Words("获益大于风险", "Benefit outweighs risk"),
    "no_alternative": Words("无替代治疗", "No alternative treatment"),
    "damaged": Words("破损", "Damaged"),
    "illegible": Words("无法识读", "Illegible"),
    "misprinted": Words("打印错误", "Misprinted"),
    "printer_fault": Words("打印机故障", "Printer fault"),
    "content_changed": Words("标签内容变化", "Content of the label changed"),
    "surplus": Words("多余", "Surplus"),
    "expired": Words("过期", "Expired"),
    "maintenance": Words("维护", "Maintenance"),
    "breakdown": Words("故障", "Breakdown"),
    "repaired": Words("已修复", "Repaired"),
    "requalified": Words("重新确认合格", "Requalified"),
    "contamination": Words("污染", "Contamination"),
    "analyst_error": Words("检验操作错误", "Analyst error"),
    "instrument_error": Words("仪器故障", "Instrument error"),
    "transcription_error": Words("记录笔误", "Transcription error"),
    "sample_unsuitable": Words("样品不适用", "Sample unsuitable"),
    "identity_mismatch": Words("身份不符", "Identity mismatch"),
    "left_the_site": Words("离岗", "Left the site"),
    "training_lapsed": Words("培训过期", "Training lapsed"),
    "operator_error": Words("操作错误", "Operator's error"),
    "material_defect": Words("物料缺陷", "Defect of a material"),
    "donor_variability": Words("供者差异", "Variability of the donor's cells"),
    "process_variability": Words("工艺波动", "Variability of the process"),
    "delay": Words("延误", "Delay"),
    "treatment_ended": Words("治疗终止", "Treatment ended"),
    "inspection": Words("监督检查", "Inspection"),
    "internal_audit": Words("内部审计", "Internal audit"),
    "patient_request": Words("患者要求", "Asked for by the patient"),
    "retention_ended": Words("保存期满", "Retention ended"),
    "plan_amended": Words("计划已修订", "The plan was amended"),
    "clause_misread": Words("条文理解有误", "The clause was misread"),
    "measure_changed": Words("度量定义已变更", "The measure was defined anew"),
    "key_lost": Words("通行密钥遗失", "Passkey lost"),
    "key_compromised": Words("通行密钥可能被他人使用", "Passkey may be in other hands"),
    "key_replaced": Words("通行密钥已更换", "Passkey replaced"),
}

UNKNOWN = RefusalKind(
    "reason.unknown",
    "'{reason}' is not a reason on the list. Choose one of: {reasons}. Details go into a note.",
    "“{reason}”不在理由列表中。请从以下选择：{reasons}。详情请写入备注。",
)


def listed(reason: str) -> Refusal | None:
    """Whether the reason is one of the codes."""
    return None if reason in REASONS else UNKNOWN(reason=reason[:40], reasons=", ".join(REASONS))
