"""The fixed words on labels, in Chinese and English: captions of the lines, and statements that must be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yimai.domain.recipe import Words

CAPTIONS: Final[Mapping[str, Words]] = {
    "name": Words("姓名", "Name"),
    "born": Words("出生日期", "Date of birth"),
    "hospital": Words("医院", "Hospital"),
    "ward": Words("病区 · 床号", "Ward · bed"),
    "collected_at": Words("采集单位", "Collected at"),
    "collected": Words("采集结束", "Collection ended"),
    "use_by": Words("最迟投产", "Start manufacture by"),
    "volume": Words("体积", "Volume"),
    "cells": Words("活细胞", "Viable cells"),
    "keep": Words("保存温度", "Keep at"),
    "batch": Words("批号", "Batch"),
    "filled": Words("灌装时间", "Filled"),
    "expires": Words("有效期至", "Expires"),
    "after_thaw": Words("复苏后须在此时间内输注", "Infuse after thaw within"),
    "for": Words("用药医院", "For use at"),
    "made_at": Words("生产单位", "Made at"),
    "sample": Words("样品", "Sample"),
    "taken": Words("取样时间", "Taken"),
    "from": Words("发货", "From"),
    "to": Words("收货", "To"),
    "contents": Words("内装", "Contents"),
    "contact": Words("紧急联系", "In emergency call"),
    "packed": Words("装箱时间", "Packed"),
    "keep_cold_until": Words("控温有效至", "Holds temperature until"),
}
AUTOLOGOUS: Final = Words("仅供自体使用", "FOR AUTOLOGOUS USE ONLY")
BIOHAZARD: Final = Words("生物危害", "BIOHAZARD")
REACTIVE: Final = Words("警告：检测阳性 {}", "WARNING: reactive test results for {}")
NOT_EVALUATED: Final = Words("传染病检测未完成", "NOT EVALUATED FOR INFECTIOUS SUBSTANCES")
DO_NOT_USE: Final = Words("不得使用", "DO NOT USE")
OUT_OF_SPECIFICATION: Final = (
    Words("超标供应 · 未经放行", "OUT-OF-SPECIFICATION SUPPLY · NOT RELEASED"),
    Words(
        "不符合质量标准：{}。应医师请求供应，本标签不是合格证明。",
        "Fails its specification: {}. Supplied at the physician's request; certifies nothing.",
    ),
)
NOT_RELEASED: Final = Words(
    "本标签不是放行证明，凭有效输注许可使用。", "Not a certificate of release: infuse on a valid permit only."
)
CARE: Final[Mapping[str, tuple[Words, ...]]] = {
    "collection_bag": (Words("不得辐照", "Do not irradiate"),),
    "container": (Words("不得辐照", "Do not irradiate"),),
    "final_bag": (
        Words("核对受者与产品身份", "Properly identify intended recipient and product"),
        Words("不得辐照，不得使用去白细胞滤器", "Do not irradiate. Do not use a leukoreduction filter"),
    ),
    "shipper": (
        Words("活的人体细胞，医疗急件", "Living human cells for medical use. Handle without delay"),
        Words("不得过 X 光机，不得倒置", "Do not X-ray. Keep upright"),
    ),
}
