"""Every hand-over and match on a treatment's way at which somebody presents an identifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from yimai.actions.decision import Answer, Done
from yimai.domain.recipe import Step
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.plant import Refused


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one treatment.

    before: the stage that must just have been reached. own: the identifier that opens it, at that stage.
    present: present an identifier; the right one does what the gate is for, and the treatment goes on from there.
    """

    name: str
    before: str
    own: Callable[[], str]
    present: Callable[[str], Answer]


def gates(journey: Journey) -> tuple[Gate, ...]:
    """The treatment's gates in the order of its way."""
    return tuple(_gates(journey))


def answer_of(command: Callable[[], Done]) -> Answer:
    """What the plant's ledger answers to a command, a refusal included."""
    try:
        return command()
    except Refused as refused:
        return refused.refusal


def _gates(journey: Journey) -> Iterator[Gate]:
    def gate(name: str, before: str, own: Callable[[], str], present: Callable[[str], Done]) -> Gate:
        return Gate(name, before, own, lambda identifier: answer_of(lambda: present(identifier)))

    def bag() -> str:
        return journey.bag

    def shipment() -> str:
        return journey.shipment

    def product() -> str:
        return journey.final_bags[0]

    def wristband() -> str:
        return journey.wristband

    yield gate("labelling", "printed", bag, lambda each: journey.use_label(each, "collection_bag"))
    yield gate("collection_start", "labelled", wristband, lambda each: journey.start_collection(wristband=each))
    yield gate("collection_wristband", "collecting", wristband, lambda each: journey.collect_complete(wristband=each))
    yield gate("collection_complete", "collecting", bag, lambda each: journey.collect_complete(container=each))
    yield gate("pick_up", "packed", shipment, lambda each: journey.pick_up(taker_scan=each))
    yield gate("arrival", "in_transit", shipment, lambda each: journey.arrive(taker_scan=each))
    yield gate("receipt", "arrived", bag, lambda each: journey.receive(container=each))
    yield gate("batch_opening", "cleared", bag, lambda each: journey.open_batch(container=each))
    yield from _batch_gates(journey, gate)
    yield gate("dispatch", "packed_product", shipment, lambda each: journey.dispatch(taker_scan=each))
    yield gate("delivery", "dispatched", shipment, lambda each: journey.deliver(taker_scan=each))
    yield gate("product_receipt", "handed_in", product, lambda each: journey.receive_product(each))
    yield gate("thaw", "permitted", product, journey.thaw)
    yield gate("bedside_wristband", "thawed", wristband, lambda each: journey.match_bedside(product(), wristband=each))
    yield gate(
        "bedside_order", "thawed", lambda: journey.treatment, lambda each: journey.match_bedside(product(), order=each)
    )
    yield gate("bedside_bag", "thawed", product, journey.match_bedside)
    yield gate(
        "infusion_permit", "matched", lambda: journey.permit, lambda each: journey.infuse(product(), permit=each)
    )
    yield gate("infusion", "matched", product, journey.infuse)


def _batch_gates(
    journey: Journey, gate: Callable[[str, str, Callable[[], str], Callable[[str], Done]], Gate]
) -> Iterator[Gate]:
    def own_container() -> str:
        return journey.containers[0]

    def own_tube(plan: str) -> str:
        return journey.samples[plan]

    def begin(step: Step, each: str) -> Done:
        return journey.begin_step(step, scanned=(each, *journey.containers[1:]))

    def sample(plan: str, step: str, each: str) -> Done:
        return journey.take_sample(plan, step, sample_id=each)

    for step in journey.recipe.steps:
        yield gate(f"step:{step.id}", f"before:{step.id}", own_container, partial(begin, step))
        for plan in step.samples:
            yield gate(f"sampling:{plan}", f"tube:{plan}", partial(own_tube, plan), partial(sample, plan, step.id))
    yield gate(
        "result",
        "sampled",
        lambda: journey.samples[journey.untested[_awaited(journey)]],
        lambda each: journey.record_result(_awaited(journey), sample_id=each),
    )


def _awaited(journey: Journey) -> str:
    """The first test of the release without a result that may have one at once."""
    samples = journey.vein.samples.by_id
    cultured = {test.id for test in journey.recipe.tests if test.least is not None}
    return next(
        test
        for test, plan in journey.untested.items()
        if journey.wanting("conditional")
        and test not in cultured
        and samples[journey.samples[plan]].valid(test) is None
    )
