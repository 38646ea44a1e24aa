"""Custody at a site: unpack and match, put into storage and take out, destroy what was decided to be destroyed."""

from __future__ import annotations

from typing import Final

from yimai.actions import custody
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Field, Given, Option, Scan, Tick, YesNo, second_person
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Reasons, Thing

CONTAINER: Final = Scan(name="container", title=Words("容器", "Container"), nouns=("container",))
SECOND: Final = second_person("custody.receive")
TOO_OLD: Final = Reasons(
    name="reasons",
    title=Words("新鲜物料已超时：需要两人签署理由", "The fresh material is too old: two signed reasons are needed"),
    hint=Words(
        "QA 与下单医院的医师各自选择理由并签名；否则不能继续。",
        "QA and a physician of the ordering hospital each choose a reason and sign; without them it stops here.",
    ),
    roles=("qa", "physician"),
    codes=("stability_data_support", "within_validated_range", "benefit_outweighs_risk", "no_alternative"),
)


def too_old(situation: Situation) -> bool:
    """Whether fresh material of the treatment is older than its recipe allows."""
    maximum = situation.recipe.starting_material.fresh_maximum
    held = situation.vein.custody.held
    return any(
        each.ended is not None and situation.now - each.ended > maximum and not held[each.container].gone
        for each in situation.vein.collections.by_id.values()
        if each.container in held
    )


def _receiving(situation: Situation) -> tuple[Field, ...]:
    segregated = Tick(
        name="segregated",
        title=Words("供者标志物阳性：已放入隔离区", "A donor marker is positive: it stands in the segregated area"),
    )
    return (
        Given(name="treatment"),
        Scan(name="shipment", title=Words("运输箱", "Shipper"), nouns=("shipment",)),
        YesNo(
            name="seal_intact",
            title=Words("封签", "Seal"),
            yes=Words("完好", "Intact"),
            no=Words("破损", "Broken"),
        ),
        Scan(name="container", title=Words("箱内容器", "Container inside"), nouns=("container",)),
        *((segregated,) if situation.vein.treatment.infectious else ()),
        SECOND,
        *((TOO_OLD,) if too_old(situation) else ()),
    )


def _received(values: Arguments, _: Situation) -> Arguments:
    return {"segregated": False, **values}


def _positions(situation: Situation) -> tuple[Option, ...]:
    """The base's storage positions, those of the named freezer; at a hospital none is listed."""
    if situation.base.id != situation.who.site:
        return ()
    return tuple((each, Words(each, each)) for storage in situation.base.storage for each in storage.positions)


FORMS: Final = (
    Form(
        custody.receive,
        Words("接收并核对", "Receive and match"),
        _receiving,
        button=Words("核对并接收", "Match and receive"),
        guide=Words(
            "先扫描运输箱并检查封签，再扫描箱内容器；两人在场。",
            "Scan the shipper and look at its seal, then scan the container inside; two people.",
        ),
        build=_received,
    ),
    Form(
        custody.store,
        Words("入库", "Put into storage"),
        (
            Given(name="treatment"),
            CONTAINER,
            Thing(
                name="position",
                title=Words("储存位", "Storage position"),
                hint=Words("扫描储存位标签，例如 A-01。", "Scan the position's label, for example A-01."),
                nouns=("storage_position",),
                options=_positions,
            ),
        ),
        button=Words("入库", "Put into storage"),
    ),
    Form(
        custody.retrieve,
        Words("出库", "Take out of storage"),
        (Given(name="treatment"), CONTAINER),
        button=Words("出库", "Take out"),
    ),
    Form(
        custody.destroy,
        Words("销毁", "Destroy"),
        (Given(name="treatment"), CONTAINER, SECOND),
        button=Words("两人销毁", "Destroy, both present"),
        guide=Words("只销毁 QA 已决定销毁的容器。", "Only what QA has decided to be destroyed."),
    ),
)
