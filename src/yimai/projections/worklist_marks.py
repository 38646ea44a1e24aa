"""What a fact leaves behind for the worklist: marks, each a name ``mark/item`` with a small value.

A mark that stands for something still to be dealt with (a container, a printed label, a deviation, an excursion) is
*open* and goes away once it is dealt with. Marks of one treatment only: they never depend on another subject's facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from yimai.ledger.entry import Entry

Value = dict[str, Any] | list[Any] | str | int | bool


class Marked(NamedTuple):
    """marks, opened: set under these names. gone: no longer set."""

    marks: Mapping[str, Value]
    opened: Mapping[str, Value]
    gone: tuple[str, ...] = ()


def marked(entry: Entry) -> Marked | None:
    """What the entry leaves, or None."""
    leave = _LEAVING.get(entry.kind)
    if leave is None:
        return None
    at = entry.occurred.isoformat()
    number = next(link.sequence for link in entry.links if link.subject.startswith("treatment/"))
    return leave(entry.data, {"at": at, "n": number}, entry)


When = dict[str, Any]
"""at: when it happened. n: its number in the treatment's chain, which tells what came before what."""


def _mark(name: str, *fields: str) -> Callable[[Any, When, Entry], Marked]:
    """Leave one mark; name: with the data's fields in braces. fields: of the data, to be kept in it."""

    def leave(data: Any, when: When, entry: Entry) -> Marked:
        return Marked({name.format(**data): {**when, **{field: data[field] for field in fields}}}, {})

    return leave


def _markers(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({f"marker/{name}": {**when, "found": found} for name, found in data["markers"].items()}, {})


def _slot(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({"slot/": {**when, **data["itinerary"]}}, {}, ("moved/",))


def _moved(data: Any, when: When, entry: Entry) -> Marked:
    """The slot's new moments beside its mark, which keeps its place in the order of things."""
    return Marked({"moved/": dict(data["itinerary"])}, {})


def _gone(*names: str) -> Callable[[Any, When, Entry], Marked]:
    def leave(data: Any, when: When, entry: Entry) -> Marked:
        return Marked({}, {}, tuple(name.format(**data) for name in names))

    return leave


def _held(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({"rests/": {**when, "reason": data["reason"], "site": entry.site}}, {})


def _issued(data: Any, when: When, entry: Entry) -> Marked:
    kept = {**when, "layout": data["layout"], "carrier": data["carrier"]}
    return Marked(
        {f"item/{data['item']}": kept}, {f"issued/{data['item']}/{data['copy']}": {**when, "site": entry.site}}
    )


def _used(data: Any, when: When, entry: Entry) -> Marked:
    copy = f"{data['item']}/{data['copy']}"
    return Marked({f"labelled/{copy}": {**when, "site": entry.site}}, {}, (f"issued/{copy}",))


def _collecting(data: Any, when: When, entry: Entry) -> Marked:
    kept = {**when, "collection": data["collection"], "wristband": data["wristband"]}
    return Marked({"collecting/": kept}, {})


def _collected(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({f"collected/{data['container']}": when}, {}, ("collecting/",))


def _collection_failed(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({"collection_failed/": when}, {}, ("collecting/",))


def _in_charge(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({}, {f"held/{data['container']}": {**when, "holder": data["holder"], "site": data["site"]}})


def _packed(data: Any, when: When, entry: Entry) -> Marked:
    kept = {
        "containers": data["containers"],
        "origin": data["origin"],
        "destination": data["destination"],
        "keeps": data["qualified_until"] or "",
    }
    inside = {f"in/{container}": data["shipment"] for container in data["containers"]}
    return Marked({f"packed/{data['shipment']}": {**when, **kept}}, inside)


def _handed_over(data: Any, when: When, entry: Entry) -> Marked:
    held = {**when, "holder": data["taken"]["signer"], "site": data["site"]}
    return Marked({f"leg/{data['shipment']}": held}, {f"held/{data['container']}": held})


def _received(data: Any, when: When, entry: Entry) -> Marked:
    held = {**when, "holder": data["performed"]["signer"], "site": data["site"]}
    received = {**when, "site": data["site"]}
    return Marked(
        {f"received/{data['container']}": received}, {f"held/{data['container']}": held}, (f"in/{data['container']}",)
    )


def _stored(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({}, {f"stored/{data['container']}": {**when, "position": data["position"]}})


def _retrieved(data: Any, when: When, entry: Entry) -> Marked:
    held = {**when, "holder": data["performed"]["signer"], "site": entry.site}
    return Marked({}, {f"held/{data['container']}": held}, (f"stored/{data['container']}",))


def _consumed(data: Any, when: When, entry: Entry) -> Marked:
    container = data["container"]
    gone = tuple(f"{name}/{container}" for name in ("held", "in", "stored", "fate"))
    return Marked({f"gone/{container}": {**when, "how": data["how"]}}, {}, gone)


def _excursion(data: Any, when: When, entry: Entry) -> Marked:
    excursion, shipment = data["excursion"], data["shipment"]
    opened = {**when, "shipment": shipment, "cause": data["cause"]}
    return Marked({f"doubt/{excursion}": {**when, "shipment": shipment}}, {f"excursion/{excursion}": opened})


def _assessed(data: Any, when: When, entry: Entry) -> Marked:
    excursion = data["excursion"]
    return Marked({f"judged/{excursion}": {**when, "usable": data["usable"]}}, {}, (f"excursion/{excursion}",))


def _batch_opened(data: Any, when: When, entry: Entry) -> Marked:
    kept = {**when, "suite": data["suite"], "container": data["container"]}
    return Marked({f"opened/{data['batch']}": kept}, {})


def _step_started(data: Any, when: When, entry: Entry) -> Marked:
    people = sorted({*data["operators"], data["performed"]["signer"]})
    return Marked({f"began/{data['batch']}/{data['step']}": {**when, "round": data["round"], "people": people}}, {})


def _step_completed(data: Any, when: When, entry: Entry) -> Marked:
    place = f"{data['batch']}/{data['step']}"
    signers = sorted({each["signer"] for each in (data["performed"], data["verified"]) if each is not None})
    ended: dict[str, Value] = {f"ended/{place}": {**when, "round": data["round"], "people": signers}}
    return Marked(ended | dict(_counts(place, data["round"], data["entries"])), {})


def _corrected(data: Any, when: When, entry: Entry) -> Marked:
    place = f"{data['batch']}/{data['step']}"
    return Marked(dict(_counts(place, data["round"], {data["entry"]: data["new"]})), {})


def _counts(place: str, round: int, entries: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """The quantities among the entries: a step that is repeated until its count is reached goes by one of them."""
    for name, recorded in entries.items():
        if isinstance(recorded, Mapping):
            yield f"count/{place}/{round}/{name}", str(recorded["value"])


def _filled(data: Any, when: When, entry: Entry) -> Marked:
    kept = {**when, "batch": data["batch"], "step": data["step"], "carrier": data["carrier"]}
    return Marked({f"filled/{data['container']}": kept}, {})


def _finished(state: str) -> Callable[[Any, When, Entry], Marked]:
    def leave(data: Any, when: When, entry: Entry) -> Marked:
        return Marked({f"finished/{data['batch']}": {**when, "state": state}}, {})

    return leave


def _deviation(data: Any, when: When, entry: Entry) -> Marked:
    deviation, batch, step = data["deviation"], data["batch"], data["step"]
    marks: dict[str, Value] = {f"deviates/{deviation}": {**when, "batch": batch, "step": step}}
    if data["cause"] == "count_not_reached":
        marks[f"short/{batch}/{step}"] = {**when, "deviation": deviation}
    kept = {name: data[name] for name in ("batch", "step", "entry", "cause", "classification")}
    return Marked(marks, {f"deviation/{deviation}": {**when, **kept, "raised_by": data["raised"]["signer"]}})


def _deviation_assessed(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({}, {f"assessed/{data['deviation']}": {**when, "classification": data["classification"]}})


def _deviation_closed(data: Any, when: When, entry: Entry) -> Marked:
    deviation = data["deviation"]
    concluded = {**when, "conclusion": data["conclusion"]}
    return Marked({f"concluded/{deviation}": concluded}, {}, (f"deviation/{deviation}", f"assessed/{deviation}"))


def _result(data: Any, when: When, entry: Entry) -> Marked:
    kept = {"attempt": data["attempt"], "conforming": data["conforming"], "analyst": data["reported"]["signer"]}
    marks: dict[str, Value] = {f"result/{data['sample']}/{data['test']}": {**when, **kept}}
    if not data["conforming"]:
        marks[f"exception/{data['sample']}/{data['test']}#{data['attempt']}"] = {**when, "batch": data["batch"]}
    return Marked(marks, {})


def _invalidated(data: Any, when: When, entry: Entry) -> Marked:
    place = f"{data['sample']}/{data['test']}"
    attempt = {**when, "attempt": data["attempt"]}
    return Marked({f"invalid/{place}": attempt, f"exception/{place}#{data['attempt']}": {**when, "batch": ""}}, {})


def _voided(data: Any, when: When, entry: Entry) -> Marked:
    return Marked({f"voided/{data['sample']}": when, f"exception/{data['sample']}": {**when, "batch": ""}}, {})


def _reviewed(data: Any, when: When, entry: Entry) -> Marked:
    kept = {**when, "exceptions": data["exceptions"], "signer": data["reviewed"]["signer"]}
    return Marked({f"reviewed/{data['batch']}": kept}, {})


def _disposed(state: str) -> Callable[[Any, When, Entry], Marked]:
    def leave(data: Any, when: When, entry: Entry) -> Marked:
        return Marked({f"disposition/{data['batch']}": {**when, "state": state}}, {})

    return leave


def _thing(name: str) -> Callable[[Any, When, Entry], Marked]:
    """Leave an open mark of what QA decided on a container."""

    def leave(data: Any, when: When, entry: Entry) -> Marked:
        return Marked({}, {name.format(**data): {**when, "fate": data["fate"]}})

    return leave


_LEAVING: Final[dict[str, Callable[[Any, When, Entry], Marked]]] = {
    "treatment.consent_recorded.v1": _mark("consented/"),
    "treatment.markers_reported.v1": _markers,
    "treatment.accepted.v1": _mark("accepted/"),
    "treatment.declined.v1": _mark("ended/"),
    "treatment.cancelled.v1": _mark("ended/"),
    "treatment.withdrawn.v1": _mark("ended/"),
    "outcome.treatment_completed.v1": _mark("ended/"),
    "treatment.held.v1": _held,
    "treatment.resumed.v1": _gone("rests/"),
    "treatment.material_fate_decided.v1": _thing("fate/{container}"),
    "slot.reserved.v1": _slot,
    "slot.moved.v1": _moved,
    "slot.freed.v1": _gone("slot/", "moved/"),
    "label.issued.v1": _issued,
    "label.used.v1": _used,
    "label.destroyed.v1": _gone("issued/{item}/{copy}", "labelled/{item}/{copy}"),
    "collection.started.v1": _collecting,
    "collection.completed.v1": _collected,
    "collection.failed.v1": _collection_failed,
    "custody.container_taken_in_charge.v1": _in_charge,
    "custody.container_handed_over.v1": _handed_over,
    "custody.container_received.v1": _received,
    "custody.container_stored.v1": _stored,
    "custody.container_retrieved.v1": _retrieved,
    "custody.container_consumed.v1": _consumed,
    "shipment.packed.v1": _packed,
    "shipment.temperature_reported.v1": _mark("read/{shipment}"),
    "shipment.excursion_opened.v1": _excursion,
    "shipment.excursion_assessed.v1": _assessed,
    "suite.line_cleared.v1": _mark("cleared/{batch}", "suite"),
    "batch.opened.v1": _batch_opened,
    "batch.step_started.v1": _step_started,
    "batch.step_completed.v1": _step_completed,
    "batch.entry_corrected.v1": _corrected,
    "batch.container_filled.v1": _filled,
    "batch.completed.v1": _finished("completed"),
    "batch.failed.v1": _finished("failed"),
    "deviation.opened.v1": _deviation,
    "deviation.assessed.v1": _deviation_assessed,
    "deviation.closed.v1": _deviation_closed,
    "sample.taken.v1": _mark("sample/{sample}", "batch", "plan", "step"),
    "sample.received.v1": _mark("in_laboratory/{sample}", "condition"),
    "sample.voided.v1": _voided,
    "sample.result_recorded.v1": _result,
    "sample.result_verified.v1": _mark("verified/{sample}/{test}", "attempt"),
    "sample.result_invalidated.v1": _invalidated,
    "disposition.batch_reviewed.v1": _reviewed,
    "disposition.conditionally_released.v1": _disposed("conditionally_released"),
    "disposition.released.v1": _disposed("released"),
    "disposition.oos_supplied.v1": _disposed("oos_supplied"),
    "disposition.rejected.v1": _disposed("rejected"),
    "disposition.revoked.v1": _disposed("revoked"),
    "disposition.certificate_issued.v1": _mark("certified/{batch}"),
    "oos_supply.requested.v1": _mark("oos/{batch}/requested", "tests"),
    "oos_supply.risk_evaluated.v1": _mark("oos/{batch}/evaluated"),
    "oos_supply.risk_accepted.v1": _mark("oos/{batch}/accepted"),
    "oos_supply.notice_given.v1": _mark("oos/{batch}/{to}"),
    "permit.issued.v1": _mark("permit/{permit}", "batch", "containers"),
    "permit.withdrawn.v1": _gone("permit/{permit}"),
    "infusion.availability_confirmed.v1": _mark("available/", "batch"),
    "infusion.lymphodepletion_started.v1": _mark("depleted/"),
    "infusion.product_thawed.v1": _mark("thawed/{container}", "permit"),
    "infusion.bedside_matched.v1": _mark("matched/{container}", "permit"),
    "infusion.started.v1": _mark("begun/{container}", "permit"),
    "infusion.continued.v1": _mark("begun/{container}", "permit"),
    "outcome.reported.v1": _mark("outcome/{day}", "response"),
    "retention.started.v1": _mark("kept/"),
}
KINDS: Final = frozenset(_LEAVING)
