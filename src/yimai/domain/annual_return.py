"""Annual returns: what an establishment made and sold in a year, for one kind of therapy, with the document it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature
from yimai.domain.organisation import standing
from yimai.domain.plan import SHA256
from yimai.domain.refusal import Refusal, RefusalKind

FIRST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold in the year to another registered organisation, in fen: its output counts there again."""

    organisation: str
    amount: int


@dataclass(frozen=True, slots=True)
class AnnualReturnFiled(Fact):
    """An establishment's return for a year was filed; filed again, the newer counts, an audited one before any other.

    organisation: whose establishment it was. revenue, gross_output, value_added: in fen, None where not stated.
    sales: to other registered organisations, part of revenue. document: SHA-256, in hex, of the return or audit report.
    """

    kind: ClassVar[str] = "annual_return.filed.v1"
    about: ClassVar[tuple[str, ...]] = ("annual_return",)
    annual_return: str
    establishment: str
    organisation: str
    year: int
    therapies: Literal["cell", "gene"]
    revenue: int | None
    gross_output: int | None
    value_added: int | None
    sales: tuple[Sale, ...]
    audit: Literal["audited", "self_declared"]
    document: str
    filed: Signature

    @property
    def figures(self) -> tuple[int | None, int | None, int | None]:
        return self.revenue, self.gross_output, self.value_added


NO_DOCUMENT = RefusalKind(
    "annual_return.no_document",
    "A return rests on a document: give its SHA-256 as 64 hexadecimal digits.",
    "年度申报须有文件依据：请填写其 SHA-256（64 位十六进制数）。",
)
NOTHING_STATED = RefusalKind(
    "annual_return.nothing_stated",
    "The return states no figure. Give revenue, gross output or value added, in fen.",
    "申报没有任何数值。请以分填写营业收入、总产值或增加值。",
)
IMPOSSIBLE = RefusalKind(
    "annual_return.impossible",
    "The figures cannot be: none is negative, and the sales to registered organisations ({sales}) are at most the revenue ({revenue}).",
    "数值不成立：均不得为负，且对登记组织的销售额（{sales}）不超过营业收入（{revenue}）。请更正。",
)
YEAR_NOT_OVER = RefusalKind(
    "annual_return.year_not_over",
    "The year {year} is not over, or lies before {first}. File the return of a year that has ended.",
    "{year} 年尚未结束，或早于 {first} 年。请申报已结束的年度。",
)
OTHER_OWNER = RefusalKind(
    "annual_return.other_owner",
    "Establishment {establishment} did not belong to organisation {organisation} on the register. Correct one of them.",
    "登记册中单位 {establishment} 不属于组织 {organisation}。请更正。",
)
ALREADY_FILED = RefusalKind(
    "annual_return.already_filed",
    "Exactly this return is on record already; nothing to do.",
    "相同内容的申报已有记录，无需操作。",
)


def named(establishment: str, year: int, therapies: str) -> str:
    """The identifier of an establishment's return for a year and a kind of therapy."""
    return f"{establishment}-{year}-{therapies}"


def file(
    said: AnnualReturnFiled, owners: frozenset[str], buyers: tuple[tuple[Fact, ...], ...], earlier: tuple[Fact, ...]
) -> Refusal | tuple[Fact, ...]:
    """File a return. owners: whose the establishment ever was. buyers: the facts about each organisation sold to."""
    if not FIRST_YEAR <= said.year < said.filed.signed.year:
        return YEAR_NOT_OVER(year=said.year, first=FIRST_YEAR)
    if said.organisation not in owners:
        return OTHER_OWNER(establishment=said.establishment, organisation=said.organisation)
    figures = [each for each in (said.revenue, said.gross_output, said.value_added) if each is not None]
    if not figures:
        return NOTHING_STATED()
    if not SHA256.fullmatch(said.document):
        return NO_DOCUMENT()
    sold = sum(each.amount for each in said.sales)
    revenue = said.revenue if said.revenue is not None else sold
    if min([*figures, *(each.amount for each in said.sales)]) < 0 or sold > revenue:
        return IMPOSSIBLE(sales=sold, revenue=revenue)
    for sale, about in zip(said.sales, buyers, strict=True):
        if refusal := standing(about, sale.organisation):
            return refusal
    last = next((each for each in reversed(earlier) if isinstance(each, AnnualReturnFiled)), None)
    return ALREADY_FILED() if last is not None and _same(last, said) else (said,)


def _same(one: AnnualReturnFiled, other: AnnualReturnFiled) -> bool:
    return (one.figures, one.sales, one.audit, one.document, one.organisation) == (
        other.figures,
        other.sales,
        other.audit,
        other.document,
        other.organisation,
    )
