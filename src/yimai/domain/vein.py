"""One treatment as its facts tell: every noun's state side by side, folded from the treatment's chain."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from yimai.domain import (
    batch,
    collection,
    custody,
    deviation,
    disposition,
    infusion,
    label,
    outcome,
    sample,
    shipment,
    slot,
    treatment,
)
from yimai.domain.facts import decode
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class Vein:
    """The states of one treatment; each rule takes the ones it needs."""

    treatment: treatment.Treatment = field(default_factory=treatment.Treatment)
    slot: slot.Slots = field(default_factory=slot.Slots)
    labels: label.Labels = field(default_factory=label.Labels)
    collections: collection.Collections = field(default_factory=collection.Collections)
    custody: custody.Custody = field(default_factory=custody.Custody)
    shipments: shipment.Shipments = field(default_factory=shipment.Shipments)
    batches: batch.Batches = field(default_factory=batch.Batches)
    deviations: deviation.Deviations = field(default_factory=deviation.Deviations)
    samples: sample.Samples = field(default_factory=sample.Samples)
    disposition: disposition.Dispositions = field(default_factory=disposition.Dispositions)
    infusion: infusion.Infusion = field(default_factory=infusion.Infusion)
    outcome: outcome.Outcome = field(default_factory=outcome.Outcome)

    @property
    def starting_material(self) -> str:
        """The collected container that can still be made into a product, or "" if a further collection is needed."""
        for collected in self.collections.by_id.values():
            held = self.custody.held.get(collected.container)
            if held is not None and not held.gone and not self.unusable(held.container):
                return "" if held.container in self.treatment.fates else held.container
        return ""

    def unusable(self, container: str) -> bool:
        """Whether QA refused the container after an excursion, or its batch failed, was rejected or revoked."""
        if any(each.excursion_state == "unusable" for each in self.shipments.carrying(container)):
            return True
        made = self.batches.of_container(container)
        if made is None:
            return False
        return made.state == "failed" or self.disposition.of(made.id).state in ("rejected", "revoked")


_FOLDED: Final[OrderedDict[bytes, Vein]] = OrderedDict()
_KEPT: Final = 2048
_LOOK_BACK: Final = 64


def vein_of(entries: Sequence[Entry]) -> Vein:
    """Fold a treatment's whole chain, in order, into its state.

    An entry's hash stands for the chain up to it, so what was folded before is kept under it and folding goes on there.
    """
    vein, begin = Vein(), 0
    for end in range(len(entries), max(0, len(entries) - _LOOK_BACK), -1):
        known = _FOLDED.get(entries[end - 1].hash)
        if known is not None:
            vein, begin = known, end
            break
    for entry in entries[begin:]:
        vein = _evolve(vein, entry)
    if begin < len(entries):
        _FOLDED[entries[-1].hash] = vein
        while len(_FOLDED) > _KEPT:
            _FOLDED.popitem(last=False)
    return vein


def _evolve(vein: Vein, entry: Entry) -> Vein:
    fact = decode(entry)
    ordered, concluded = treatment.evolve(vein.treatment, fact, entry), outcome.evolve(vein.outcome, fact, entry)
    if concluded.completed is not None and not ordered.ended:
        ordered = replace(ordered, ended="completed")
    return Vein(
        ordered,
        slot.evolve(vein.slot, fact, entry),
        label.evolve(vein.labels, fact, entry),
        collection.evolve(vein.collections, fact, entry),
        custody.evolve(vein.custody, fact, entry),
        shipment.evolve(vein.shipments, fact, entry),
        batch.evolve(vein.batches, fact, entry),
        deviation.evolve(vein.deviations, fact, entry),
        sample.evolve(vein.samples, fact, entry),
        disposition.evolve(vein.disposition, fact, entry),
        infusion.evolve(vein.infusion, fact, entry),
        concluded,
    )
