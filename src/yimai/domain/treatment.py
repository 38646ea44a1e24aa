"""One patient's therapy from order to outcome, known by its COI identifier; its gates at the start and its ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature
from yimai.domain.person import Person
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Entry

Urgency = Literal["routine", "urgent"]
Marker = Literal["negative", "positive"]
Fate = Literal["destroy", "retain", "return_to_hospital"]
WithdrawalReason = Literal["progression", "death", "consent_withdrawn", "physician_decision", "manufacture_impossible"]


@dataclass(frozen=True, slots=True)
class TreatmentOrdered(Fact):
    """A hospital orders a therapy for a patient. patient: hex commitment to the person, who is known to the vault only."""

    kind: ClassVar[str] = "treatment.ordered.v1"
    treatment: str
    hospital: str
    base: str
    recipe: str
    indication: str
    urgency: Urgency
    patient: str
    ordered: Signature


@dataclass(frozen=True, slots=True)
class ConsentRecorded(Fact):
    """The patient consents; the form lies in the vault. form: hex commitment to it."""

    kind: ClassVar[str] = "treatment.consent_recorded.v1"
    treatment: str
    form: str
    consented: Signature


@dataclass(frozen=True, slots=True)
class MarkersReported(Fact):
    """Donor infectious markers (HIV, HBV, HCV, syphilis, HTLV …) as tested on a day."""

    kind: ClassVar[str] = "treatment.markers_reported.v1"
    treatment: str
    markers: Mapping[str, Marker]
    tested_on: date
    reported: Signature


@dataclass(frozen=True, slots=True)
class TreatmentAccepted(Fact):
    """The base takes the order on."""

    kind: ClassVar[str] = "treatment.accepted.v1"
    treatment: str
    accepted: Signature


@dataclass(frozen=True, slots=True)
class TreatmentDeclined(Fact):
    """The base does not take the order on, which ends the treatment."""

    kind: ClassVar[str] = "treatment.declined.v1"
    treatment: str
    reason: str
    declined: Signature


@dataclass(frozen=True, slots=True)
class TreatmentHeld(Fact):
    """Work on the treatment rests until it is resumed."""

    kind: ClassVar[str] = "treatment.held.v1"
    treatment: str
    reason: str
    held: Signature


@dataclass(frozen=True, slots=True)
class TreatmentResumed(Fact):
    """Work on the treatment goes on."""

    kind: ClassVar[str] = "treatment.resumed.v1"
    treatment: str
    resumed: Signature


@dataclass(frozen=True, slots=True)
class TreatmentCancelled(Fact):
    """The order is taken back for an administrative reason; what it claimed is freed by further facts of the command."""

    kind: ClassVar[str] = "treatment.cancelled.v1"
    treatment: str
    reason: str
    cancelled: Signature


@dataclass(frozen=True, slots=True)
class TreatmentWithdrawn(Fact):
    """The treatment ends for a clinical reason; the material's fate is decided by further facts."""

    kind: ClassVar[str] = "treatment.withdrawn.v1"
    treatment: str
    reason: WithdrawalReason
    withdrawn: Signature


@dataclass(frozen=True, slots=True)
class MaterialFateDecided(Fact):
    """What happens to one container of a treatment that has ended or of a batch that was rejected."""

    kind: ClassVar[str] = "treatment.material_fate_decided.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    fate: Fate
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class TreatmentExported(Fact):
    """Somebody took a copy of the treatment's facts out of the ledger. entries: how many, up to the one whose hash is head."""

    kind: ClassVar[str] = "treatment.exported.v1"
    treatment: str
    entries: int
    head: str
    reason: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """The order's own state. ended: ``cancelled``, ``withdrawn``, ``declined``, ``completed`` or "" while it goes on.

    held: why work rests, or "". held_by: who let it rest.
    """

    id: str = ""
    hospital: str = ""
    base: str = ""
    recipe: str = ""
    indication: str = ""
    urgency: Urgency = "routine"
    consented: bool = False
    markers: Mapping[str, Marker] = field(default_factory=dict)
    accepted: bool = False
    held: str = ""
    held_by: str = ""
    ended: str = ""
    fates: Mapping[str, str] = field(default_factory=dict)

    @property
    def infectious(self) -> bool:
        """Whether any donor marker is positive, so that all material is kept apart."""
        return "positive" in self.markers.values()


def evolve(treatment: Treatment, fact: Fact, entry: Entry) -> Treatment:
    match fact:
        case TreatmentOrdered():
            return Treatment(fact.treatment, fact.hospital, fact.base, fact.recipe, fact.indication, fact.urgency)
        case ConsentRecorded():
            return replace(treatment, consented=True)
        case MarkersReported():
            return replace(treatment, markers=fact.markers)
        case TreatmentAccepted():
            return replace(treatment, accepted=True)
        case TreatmentDeclined():
            return replace(treatment, ended="declined")
        case TreatmentHeld():
            return replace(treatment, held=fact.reason, held_by=fact.held.signer)
        case TreatmentResumed():
            return replace(treatment, held="", held_by="")
        case TreatmentCancelled():
            return replace(treatment, ended="cancelled")
        case TreatmentWithdrawn():
            return replace(treatment, ended="withdrawn")
        case MaterialFateDecided():
            return replace(treatment, fates={**treatment.fates, fact.container: fact.fate})
    return treatment


UNKNOWN = RefusalKind(
    "treatment.unknown",
    "There is no such treatment in this ledger. Check the COI identifier on the order.",
    "账本中没有该治疗。请核对医嘱上的 COI 标识。",
)
NO_BASE = RefusalKind(
    "treatment.no_base",
    "Base {base} is not approved in this ledger. Choose an approved base.",
    "账本中没有已批准的基地 {base}。请选择已批准的基地。",
)
NO_RECIPE = RefusalKind(
    "treatment.no_recipe",
    "Recipe {recipe} is not approved in this ledger. Choose an approved recipe.",
    "账本中没有已批准的工艺规程 {recipe}。请选择已批准的规程。",
)
ENDED = RefusalKind(
    "treatment.ended",
    "Treatment {treatment} was {how}. Stop work on it; QA decides what happens to its material.",
    "治疗 {treatment} 已终止（{how}）。请停止操作，由 QA 决定物料去向。",
)
HELD = RefusalKind(
    "treatment.held",
    "Treatment {treatment} is on hold: {reason}. Wait until QA or the hospital resumes it.",
    "治疗 {treatment} 已暂停：{reason}。请等待 QA 或医院恢复。",
)
NOT_HELD = RefusalKind(
    "treatment.not_held",
    "Treatment {treatment} is not on hold, so there is nothing to resume.",
    "治疗 {treatment} 未处于暂停状态，无需恢复。",
)
HELD_BY_OTHERS = RefusalKind(
    "treatment.held_by_others",
    "Treatment {treatment} was put on hold by {site}. Only {site} can let it go on; ask a colleague there.",
    "治疗 {treatment} 由 {site} 暂停，只能由 {site} 恢复。请联系该处人员。",
)
TESTED_LATER = RefusalKind(
    "treatment.tested_later",
    "Markers cannot have been tested on {tested}, which lies after today ({today}). Correct the day.",
    "标志物检测日 {tested} 晚于今天（{today}）。请更正日期。",
)
NOT_ACCEPTED = RefusalKind(
    "treatment.not_accepted",
    "The base has not accepted treatment {treatment} yet. Ask the base's scheduler to accept the order first.",
    "基地尚未接受治疗 {treatment}。请先由基地排程员接受医嘱。",
)
ALREADY_ACCEPTED = RefusalKind(
    "treatment.already_accepted",
    "Treatment {treatment} has already been accepted; nothing more to do here.",
    "治疗 {treatment} 已被接受，无需重复操作。",
)
NO_CONSENT = RefusalKind(
    "treatment.no_consent",
    "The patient's consent for treatment {treatment} is not recorded. Record the signed consent first.",
    "治疗 {treatment} 尚无患者知情同意记录。请先录入已签署的知情同意书。",
)
NO_FORM = RefusalKind(
    "treatment.no_form",
    "The file is neither a PDF nor a picture (JPEG, PNG, WebP). Scan or photograph the signed consent form and choose that file.",
    "该文件既非 PDF 也非图片（JPEG、PNG、WebP）。请扫描或拍摄已签署的知情同意书，再选择该文件。",
)
MARKERS_MISSING = RefusalKind(
    "treatment.markers_missing",
    "Donor markers are missing for treatment {treatment}: {markers}. Report their results first.",
    "治疗 {treatment} 缺少供者传染病标志物结果：{markers}。请先报告结果。",
)
UNKNOWN_MARKER = RefusalKind(
    "treatment.unknown_marker",
    "{markers} is not a marker of this recipe. Report only the recipe's markers.",
    "{markers} 不是本工艺规程要求的标志物。请只报告规程规定的标志物。",
)
UNKNOWN_INDICATION = RefusalKind(
    "treatment.unknown_indication",
    "Recipe {recipe} has no indication '{indication}'. Choose one of: {indications}.",
    "工艺规程 {recipe} 没有适应证“{indication}”。请从以下选择：{indications}。",
)
NO_SUCH_CONTAINER = RefusalKind(
    "treatment.no_such_container",
    "{container} is not a container of treatment {treatment}. Check what you scanned.",
    "{container} 不是治疗 {treatment} 的容器。请核对扫描内容。",
    identity=True,
)
REASON_MISSING = RefusalKind(
    "treatment.reason_missing",
    "A reason is needed. Write down why.",
    "必须填写理由。请写明原因。",
)
FATE_NOT_OPEN = RefusalKind(
    "treatment.fate_not_open",
    "Treatment {treatment} goes on and container {container} is in use. Its fate is decided once the treatment has ended or the batch was rejected.",
    "治疗 {treatment} 仍在进行，容器 {container} 正在使用。治疗终止或批次被拒后才能决定其去向。",
)


FORMS: Final = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""How a PDF, a JPEG and a PNG begin."""


def not_ended(treatment: Treatment) -> Refusal | None:
    """Whether the treatment exists and has not ended."""
    if not treatment.id:
        return UNKNOWN()
    return ENDED(treatment=treatment.id, how=treatment.ended) if treatment.ended else None


def open_for_work(treatment: Treatment) -> Refusal | None:
    """Whether work may go on: ordered, accepted, neither ended nor held."""
    if refusal := not_ended(treatment):
        return refusal
    if treatment.held:
        return HELD(treatment=treatment.id, reason=treatment.held)
    return None if treatment.accepted else NOT_ACCEPTED(treatment=treatment.id)


def cleared_for_collection(treatment: Treatment, markers: tuple[str, ...]) -> Refusal | None:
    """Whether consent and every donor marker of the recipe are on record (positive ones do not forbid, they segregate)."""
    if not treatment.consented:
        return NO_CONSENT(treatment=treatment.id)
    missing = [marker for marker in markers if marker not in treatment.markers]
    return MARKERS_MISSING(treatment=treatment.id, markers=", ".join(missing)) if missing else None


def record_consent(
    treatment: Treatment, form: bytes, commitment: str, recorded: Signature
) -> Refusal | tuple[Fact, ...]:
    """form: the signed consent form as it goes to the vault; commitment: what the ledger holds of it, in hexadecimal."""
    if refusal := not_ended(treatment):
        return refusal
    if not form.startswith(FORMS) and not (form.startswith(b"RIFF") and form[8:12] == b"WEBP"):
        return NO_FORM()
    return (ConsentRecorded(treatment.id, commitment, recorded),)


def accept(treatment: Treatment, accepted: Signature) -> Refusal | tuple[Fact, ...]:
    if refusal := not_ended(treatment):
        return refusal
    if treatment.accepted:
        return ALREADY_ACCEPTED(treatment=treatment.id)
    if not treatment.consented:
        return NO_CONSENT(treatment=treatment.id)
    return (TreatmentAccepted(treatment.id, accepted),)


def report_markers(
    treatment: Treatment, required: tuple[str, ...], markers: Mapping[str, Marker], tested_on: date, reported: Signature
) -> Refusal | tuple[Fact, ...]:
    """Merge newly reported markers with those on record, so that a later report never loses an earlier result."""
    if refusal := not_ended(treatment):
        return refusal
    unknown = sorted(set(markers) - set(required))
    if unknown:
        return UNKNOWN_MARKER(markers=", ".join(unknown))
    if tested_on > reported.signed.date():
        return TESTED_LATER(tested=tested_on, today=reported.signed.date())
    return (MarkersReported(treatment.id, {**treatment.markers, **markers}, tested_on, reported),)


def decline(treatment: Treatment, reason: str, declined: Signature) -> Refusal | tuple[Fact, ...]:
    if refusal := not_ended(treatment):
        return refusal
    if treatment.accepted:
        return ALREADY_ACCEPTED(treatment=treatment.id)
    return (TreatmentDeclined(treatment.id, reason, declined),) if reason.strip() else REASON_MISSING()


def hold(treatment: Treatment, reason: str, held: Signature) -> Refusal | tuple[Fact, ...]:
    if refusal := not_ended(treatment):
        return refusal
    if treatment.held:
        return HELD(treatment=treatment.id, reason=treatment.held)
    return (TreatmentHeld(treatment.id, reason, held),) if reason.strip() else REASON_MISSING()


def resume(treatment: Treatment, holder: Person, person: Person, resumed: Signature) -> Refusal | tuple[Fact, ...]:
    """Let work go on. holder: who let it rest; only somebody of the same site (the person) knows that it may go on."""
    if refusal := not_ended(treatment):
        return refusal
    if not treatment.held:
        return NOT_HELD(treatment=treatment.id)
    if holder.site != person.site:
        return HELD_BY_OTHERS(treatment=treatment.id, site=holder.site)
    return (TreatmentResumed(treatment.id, resumed),)


def decide_fate(
    treatment: Treatment, container: str, unusable: bool, fate: Fate, reason: str, decided: Signature
) -> Refusal | tuple[Fact, ...]:
    """Decide what happens to a container. unusable: its batch was rejected or failed, or QA refused it after an excursion."""
    if not treatment.id:
        return UNKNOWN()
    if not treatment.ended and not unusable:
        return FATE_NOT_OPEN(treatment=treatment.id, container=container)
    if not reason.strip():
        return REASON_MISSING()
    return (MaterialFateDecided(treatment.id, container, fate, reason, decided),)
