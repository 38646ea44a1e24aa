"""The measures that are shipped: each a definition that is data, known by its hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from yimai.domain.fact import Fact
from yimai.domain.facts import KINDS, decode
from yimai.domain.measure import Definition, Known
from yimai.ledger.entry import Entry

BY_BOTH: Final[tuple[Literal["therapies", "district"], ...]] = ("therapies", "district")
BY_THERAPIES: Final[tuple[Literal["therapies", "district"], ...]] = ("therapies",)
FACILITIES: Final = ("innovation_base", "key_laboratory", "platform", "technology_innovation_centre")
RETURNS: Final = ("annual_return.filed.v1", "establishment.moved.v1", "establishment.opened.v1")
TITLES: Final = (
    "designation.given.v1",
    "designation.withdrawn.v1",
    "establishment.closed.v1",
    "establishment.moved.v1",
    "establishment.opened.v1",
)
RELEASES: Final = (
    "disposition.conditionally_released.v1",
    "disposition.oos_supplied.v1",
    "disposition.released.v1",
    "disposition.revoked.v1",
)
VALUED: Final = (
    "authorisation.price_listed.v1",
    "authorisation.product_named.v1",
    *RELEASES,
    "treatment.ordered.v1",
)


def _industry(figure: Literal["revenue", "gross_output", "value_added"], zh: str, en: str) -> tuple[Definition, ...]:
    """The industry's scale by one figure, gross, and net of what registered organisations sold to one another."""
    return tuple(
        Definition(
            name=f"industry_{figure}{suffix}",
            version=1,
            title_zh=f"产业规模：{zh}{more_zh}",
            title_en=f"Industry scale: {en}{more_en}",
            unit="fen",
            rule="returns",
            kinds=RETURNS,
            evidence="audited",
            scopes=BY_BOTH,
            flow=True,
            figure=figure,
            sales=sales,
        )
        for suffix, sales, more_zh, more_en in _SALES
    )


_SALES: Final[tuple[tuple[str, Literal["gross", "net"], str, str], ...]] = (
    ("", "gross", "", ""),
    ("_net", "net", "（扣除登记组织间销售）", ", net of sales between registered organisations"),
)
OF_INDUSTRY: Final = (
    *_industry("revenue", "营业收入", "reported revenue"),
    *_industry("gross_output", "总产值", "gross output"),
    *_industry("value_added", "增加值", "value added"),
)
OF_REGISTER: Final = (
    Definition(
        name="firms",
        version=1,
        title_zh="企业",
        title_en="Firms",
        unit="firm",
        rule="standing",
        kinds=("organisation.closed.v1", "organisation.merged.v1", "organisation.registered.v1"),
        scopes=BY_THERAPIES,
        types=("firm",),
    ),
    Definition(
        name="clusters",
        version=1,
        title_zh="产业集聚区",
        title_en="Industry clusters",
        unit="cluster",
        rule="standing",
        kinds=("cluster.declared.v1", "cluster.dissolved.v1"),
        scopes=BY_THERAPIES,
    ),
    Definition(
        name="facilities",
        version=1,
        title_zh="创新载体：一处设施只计一次",
        title_en="Innovation facilities, each counted once",
        unit="facility",
        rule="facilities",
        kinds=TITLES,
        scopes=BY_BOTH,
        types=FACILITIES,
    ),
    Definition(
        name="designations",
        version=1,
        title_zh="创新载体：认定数",
        title_en="Innovation facilities: designations",
        unit="designation",
        rule="designations",
        kinds=TITLES,
        scopes=BY_BOTH,
        types=FACILITIES,
    ),
    Definition(
        name="clinical_centres",
        version=1,
        title_zh="临床中心或病房",
        title_en="Clinical centres or wards",
        unit="centre_or_ward",
        rule="designations",
        kinds=TITLES,
        scopes=BY_BOTH,
        types=("clinical_centre", "clinical_ward"),
    ),
    Definition(
        name="filings",
        version=1,
        title_zh="上市申请",
        title_en="Marketing applications",
        unit="application",
        rule="products",
        kinds=("authorisation.application_filed.v1", "authorisation.product_named.v1"),
        scopes=BY_THERAPIES,
        flow=True,
        types=("filed",),
    ),
    Definition(
        name="products",
        version=1,
        title_zh="获批产品",
        title_en="Authorised products",
        unit="product",
        rule="products",
        kinds=("authorisation.granted.v1", "authorisation.product_named.v1"),
        scopes=BY_THERAPIES,
        flow=True,
        types=("granted",),
    ),
)
OF_PRODUCTION: Final = (
    Definition(
        name="doses_released",
        version=1,
        title_zh="放行剂数",
        title_en="Doses released",
        unit="dose",
        rule="doses",
        kinds=RELEASES,
        evidence="ledger",
        flow=True,
    ),
    Definition(
        name="doses_listed_value",
        version=1,
        title_zh="放行剂数按公布价格计（小计）",
        title_en="Released doses at their list price (a subtotal)",
        unit="fen",
        rule="listed_value",
        kinds=VALUED,
        evidence="ledger",
        flow=True,
    ),
    Definition(
        name="patients_treated",
        version=1,
        title_zh="已治疗患者",
        title_en="Patients treated",
        unit="patient",
        rule="patients",
        kinds=("infusion.started.v1",),
        evidence="ledger",
        flow=True,
    ),
    Definition(
        name="on_time",
        version=1,
        title_zh="按承诺时间回输的比例",
        title_en="Infused by the promised time",
        unit="millionth",
        rule="on_time",
        kinds=("infusion.started.v1", "slot.reserved.v1"),
        total="share",
        evidence="ledger",
        flow=True,
    ),
    Definition(
        name="vein_to_vein",
        version=1,
        title_zh="采集至回输的中位时间",
        title_en="Collection to infusion, the median",
        unit="hour",
        rule="vein_to_vein",
        kinds=("collection.completed.v1", "infusion.started.v1"),
        total="median",
        evidence="ledger",
        flow=True,
    ),
    Definition(
        name="slots_reserved",
        version=1,
        title_zh="已预订档期",
        title_en="Slots reserved",
        unit="slot",
        rule="slots",
        kinds=("slot.reserved.v1",),
        evidence="ledger",
        flow=True,
    ),
    Definition(
        name="capacity",
        version=1,
        title_zh="可用生产单元",
        title_en="Suites in use",
        unit="suite",
        rule="suites",
        kinds=("suite.registered.v1", "suite.returned.v1", "suite.taken_out.v1"),
        evidence="ledger",
    ),
)
DEFINITIONS: Final[Mapping[str, Definition]] = {each.id: each for each in (*OF_INDUSTRY, *OF_REGISTER, *OF_PRODUCTION)}
READ: Final = frozenset(kind for each in DEFINITIONS.values() for kind in each.kinds)
"""Every kind that some measure reads."""
if unknown := READ - KINDS.keys():
    raise LookupError(f"measures read kinds that there are not: {sorted(unknown)}")


def known_from(position: int, entry: Entry) -> Known[Fact] | None:
    """The entry as measures see it, or None if none reads such facts."""
    if entry.kind not in READ:
        return None
    recorded = entry.recorded.astimezone(entry.occurred.tzinfo)
    return Known(position, entry.hash, decode(entry), entry.occurred, recorded.date(), entry.site)
