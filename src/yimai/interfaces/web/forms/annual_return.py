"""Annual returns of establishments."""

from __future__ import annotations

from typing import Any, Final

from yimai.actions import annual_return
from yimai.domain.annual_return import AnnualReturnFiled, Sale
from yimai.domain.recipe import Words
from yimai.interfaces.web.fact_fields import LONGEST, fields_for
from yimai.interfaces.web.field import Line, Unreadable
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import FIELDS

NO_SALES: Final = Words(
    "请写“信用代码 金额（分）”，多项以分号隔开。",
    "Write a credit code and an amount in fen, several divided by semicolons.",
)


class _Sales(Line):
    """Credit codes, each with an amount."""

    def value(self, text: str, situation: Situation) -> Any:
        found = []
        for each in text.replace("；", ";").split(";"):
            code, _, amount = each.strip().partition(" ")
            if not (amount.strip().isdecimal() and amount.isascii()):
                raise Unreadable(NO_SALES)
            found.append(Sale(code, int(amount)))
        return tuple(found)


FORMS: Final = (
    Form(
        annual_return.file,
        Words("申报年度数据", "File an annual return"),
        (
            *fields_for(
                AnnualReturnFiled,
                without=("annual_return", "sales", "filed"),
                optional=("revenue", "gross_output", "value_added"),
            ),
            _Sales(name="sales", title=FIELDS["sales"], hint=NO_SALES, optional=True, empty=(), longest=LONGEST * 20),
        ),
        button=Words("核对", "Check"),
        guide=Words(
            "金额以分计。再次申报即为更正；经审计的申报优先于自行申报。",
            "Money is in fen. Filing again corrects; an audited return counts before one that is self-declared.",
        ),
    ),
)
