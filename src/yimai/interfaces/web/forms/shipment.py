"""A shipper: packed, handed from one to the other on one device, its logger read."""

from __future__ import annotations

from typing import Final

from django.http import Http404

from yimai.actions import custody
from yimai.domain.recipe import Limits, Words
from yimai.interfaces.web.consignment import Consignment, consignments
from yimai.interfaces.web.field import Field, Given, Moment, Scan, Scans, Shown
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.forms.partner import Partner
from yimai.interfaces.web.forms.temperature import TEMPERATURE
from yimai.interfaces.web.situation import Situation
from yimai.projections import register, worklist


def consignment(situation: Situation) -> Consignment:
    """The shipper that the address names, else the latest that is not unpacked. Raises Http404 if there is none.

    A courier who has come for it is no party to its facts before he has taken it: he sees only that it waits for him.
    """
    known = consignments(situation.entries)
    wanted = situation.given.get("shipment", "")
    found = known.get(wanted) or next(
        (each for each in reversed(known.values()) if not wanted and not each.unpacked), None
    )
    if found is not None:
        return found
    waiting = worklist.errand(situation.cursor, wanted)
    if waiting is None or waiting.treatment != situation.treatment:
        raise Http404(wanted)
    return Consignment(
        waiting.shipment,
        (),
        waiting.origin,
        waiting.destination,
        Limits(),
        waiting.keeps,
        waiting.packed,
        waiting.holder,
        waiting.site,
    )


def other_end(situation: Situation) -> str:
    """Where a treatment's containers go from one's own site."""
    ordered = situation.vein.treatment
    return ordered.base if situation.who.site == ordered.hospital else ordered.hospital


def _site(site: str, situation: Situation) -> Words:
    row = register.sites(situation.cursor).get(site)
    return Words(row.title_zh, row.title_en) if row is not None else Words(site, site)


def packing(situation: Situation) -> tuple[Field, ...]:
    return (
        Given(name="treatment"),
        Scans(name="containers", title=Words("装入的袋", "Bags that go in"), nouns=("container",)),
        Scan(name="shipment", title=Words("运输箱标签", "Shipper's label"), nouns=("shipment",)),
        Shown(
            name="destination",
            title=Words("目的地", "Destination"),
            proposed=other_end,
            shown=lambda here: _site(other_end(here), here),
        ),
        Moment(
            name="qualified_until",
            title=Words("保温至", "Keeps its temperature until"),
            hint=Words("见运输箱确认标签。", "As stated on the shipper's qualification tag."),
        ),
    )


def handing_over(situation: Situation) -> tuple[Field, ...]:
    """Either of the two may start it: who holds the shipper gives it."""
    there = consignment(situation)
    gives = there.holder == situation.who.person
    me = Words("本人", "You")
    if gives:
        giver: Field = Shown(
            name="giver", title=Words("交出人", "Gives"), proposed=lambda here: here.who.person, shown=lambda _: me
        )
        taker: Field = Partner(name="taker", title=Words("接收人", "Takes"), consignment=there)
    else:
        holder = situation.printed_name(there.holder)
        named = f"{holder} · {there.holder}" if holder else there.holder
        giver = Shown(
            name="giver",
            title=Words("交出人", "Gives"),
            proposed=lambda _: there.holder,
            shown=lambda _: Words(named, named),
        )
        taker = Shown(
            name="taker", title=Words("接收人", "Takes"), proposed=lambda here: here.who.person, shown=lambda _: me
        )
    return (
        Given(name="treatment"),
        Given(name="shipment", proposed=lambda _: there.shipment),
        giver,
        Scan(
            name="giver_scan",
            title=Words("交出人扫描运输箱", "Giver scans the shipper"),
            nouns=("shipment",),
            expected=there.shipment,
        ),
        taker,
        Scan(
            name="taker_scan",
            title=Words("接收人扫描运输箱", "Taker scans the shipper"),
            nouns=("shipment",),
            again=True,
            expected=there.shipment,
        ),
    )


def place_of_hand_over(arguments: Arguments, situation: Situation) -> str:
    """It happens where the one of the two works who is no courier; between two couriers, where the giver works."""
    known = register.people(situation.cursor, (arguments["giver"], arguments["taker"]))
    people = [known[each] for each in (arguments["giver"], arguments["taker"]) if each in known]
    sites = [each.site for each in people if "courier" not in each.roles] or [each.site for each in people]
    return situation.who.site if situation.who.site in sites or not sites else sites[0]


FORMS: Final = (
    Form(
        custody.pack,
        Words("装箱", "Pack the shipper"),
        packing,
        button=Words("装箱完成", "Packed"),
        guide=Words(
            "扫描每个装入的袋，再扫描运输箱标签。启动温度记录仪后封箱。",
            "Scan every bag that goes in, then the shipper's label. Start the logger, then seal the shipper.",
        ),
    ),
    Form(
        custody.hand_over,
        Words("交接", "Hand over"),
        handing_over,
        button=Words("交接", "Hand over"),
        guide=Words(
            "在同一台设备上，交出人和接收人各扫描一次运输箱，然后各自签名。",
            "On this one device giver and taker each scan the shipper, then each signs.",
        ),
        site=place_of_hand_over,
    ),
    TEMPERATURE,
)
