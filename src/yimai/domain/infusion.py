"""From the signal that the product is there to the last drop: lymphodepletion, thaw, bedside match, infusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal

from yimai.domain.custody import ContainerConsumed, Custody, in_hand
from yimai.domain.disposition import Dispositions, supplied
from yimai.domain.fact import Fact, Signature
from yimai.domain.label import Labels, belongs
from yimai.domain.permit import Permits, covers, in_shelf_life
from yimai.domain.permit import evolve as evolve_permits
from yimai.domain.recipe import Product
from yimai.domain.refusal import Refusal, RefusalKind, first_refusal
from yimai.domain.shipment import Shipments, usable
from yimai.domain.treatment import Treatment, open_for_work
from yimai.ledger.entry import Claim, Entry


@dataclass(frozen=True, slots=True)
class AvailabilityConfirmed(Fact):
    """The hospital may count on the product. basis: the batch was let go, or a bag of it is at the hospital."""

    kind: ClassVar[str] = "infusion.availability_confirmed.v1"
    treatment: str
    batch: str
    basis: Literal["released", "at_hospital"]
    confirmed: Signature


@dataclass(frozen=True, slots=True)
class LymphodepletionStarted(Fact):
    """The patient is being prepared; the infusion must follow within the recipe's window."""

    kind: ClassVar[str] = "infusion.lymphodepletion_started.v1"
    treatment: str
    performed: Signature


@dataclass(frozen=True, slots=True)
class ProductThawed(Fact):
    """The bag was taken into the thaw; its clock runs from here."""

    kind: ClassVar[str] = "infusion.product_thawed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    permit: str
    container: str
    performed: Signature


@dataclass(frozen=True, slots=True)
class BedsideMatched(Fact):
    """Two people scanned wristband, bag and order at the bedside, and all three are one patient's."""

    kind: ClassVar[str] = "infusion.bedside_matched.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    permit: str
    container: str
    wristband: str
    order: str
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class InfusionStarted(Fact):
    """The first bag of the permit runs; the permit is used up."""

    kind: ClassVar[str] = "infusion.started.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "permit", "container")
    treatment: str
    permit: str
    container: str
    performed: Signature
    verified: Signature

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("permit_used", self.permit, "take"),)


@dataclass(frozen=True, slots=True)
class InfusionContinued(Fact):
    """A further bag of the same permit runs."""

    kind: ClassVar[str] = "infusion.continued.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    permit: str
    container: str
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class Infusion:
    """One treatment's infusion.

    available: the batch whose availability was confirmed, or "". thawed, matched_at, begun, infused: when, by bag.
    matched: the permit that each bag was matched under at the bedside. started: when the first bag began.
    """

    available: str = ""
    lymphodepletion: datetime | None = None
    permits: Permits = field(default_factory=dict)
    thawed: Mapping[str, datetime] = field(default_factory=dict)
    matched: Mapping[str, str] = field(default_factory=dict)
    matched_at: Mapping[str, datetime] = field(default_factory=dict)
    begun: Mapping[str, datetime] = field(default_factory=dict)
    infused: Mapping[str, datetime] = field(default_factory=dict)
    started: datetime | None = None


def evolve(infusion: Infusion, fact: Fact, entry: Entry) -> Infusion:
    at = entry.occurred
    match fact:
        case AvailabilityConfirmed():
            return replace(infusion, available=fact.batch)
        case LymphodepletionStarted():
            return replace(infusion, lymphodepletion=at)
        case ProductThawed():
            return replace(infusion, thawed={**infusion.thawed, fact.container: at})
        case BedsideMatched():
            matched_at = {**infusion.matched_at, fact.container: at}
            return replace(infusion, matched={**infusion.matched, fact.container: fact.permit}, matched_at=matched_at)
        case InfusionStarted():
            used = replace(infusion.permits[fact.permit], state="used")
            return replace(
                infusion,
                permits={**infusion.permits, fact.permit: used},
                begun={**infusion.begun, fact.container: at},
                started=infusion.started or at,
            )
        case InfusionContinued():
            return replace(infusion, begun={**infusion.begun, fact.container: at})
        case ContainerConsumed() if fact.how == "infused":
            return replace(infusion, infused={**infusion.infused, fact.container: at})
    return replace(infusion, permits=evolve_permits(infusion.permits, fact, entry))


NOT_AVAILABLE = RefusalKind(
    "infusion.not_available",
    "Nothing shows yet that batch {batch} is available: it is neither released nor at the hospital. Wait for either.",
    "批次 {batch} 尚不可用：既未放行，也未到达医院。请等待其一。",
)
NOTHING_LEFT = RefusalKind(
    "infusion.nothing_left",
    "No bag of batch {batch} is left that may be used: gone, refused, expired or in doubt. Do not count on it; call QA.",
    "批次 {batch} 没有可用的成品袋：已用尽、被拒、过期或存疑。不得依赖该产品，请联系 QA。",
)
AVAILABILITY_UNCONFIRMED = RefusalKind(
    "infusion.availability_unconfirmed",
    "The product of treatment {treatment} is not confirmed as available. Do not begin lymphodepletion before it is.",
    "治疗 {treatment} 的产品可用性尚未确认。确认之前不得开始清淋。",
)
ALREADY_CONFIRMED = RefusalKind(
    "infusion.already_confirmed",
    "The availability of batch {batch} is already confirmed; nothing more to do here.",
    "批次 {batch} 的可用性已确认，无需重复操作。",
)
LYMPHODEPLETION_RUNS = RefusalKind(
    "infusion.lymphodepletion_runs",
    "Lymphodepletion began on {began} and its window for infusion is still open. It is not begun twice.",
    "清淋已于 {began} 开始，输注窗口尚未关闭。不得重复开始。",
)
NO_LYMPHODEPLETION = RefusalKind(
    "infusion.no_lymphodepletion",
    "No lymphodepletion of treatment {treatment} is on record. The physician records it before the infusion.",
    "治疗 {treatment} 没有清淋记录。请医师在输注前登记。",
)
TOO_EARLY = RefusalKind(
    "infusion.too_early",
    "After this lymphodepletion, infusion is possible from {earliest}. Wait until then; keep the product frozen.",
    "自清淋开始计算，{earliest} 之后方可输注。请等待，并保持产品冷冻。",
)
TOO_LATE = RefusalKind(
    "infusion.too_late",
    "The window after lymphodepletion closed on {latest}. The physician decides on a new lymphodepletion.",
    "清淋后的输注窗口已于 {latest} 关闭。请医师决定是否重新清淋。",
)
NOT_RECEIVED = RefusalKind(
    "infusion.not_received",
    "{container} has not been received at {hospital}. Receive the shipment and match its identity first.",
    "{container} 尚未由 {hospital} 接收。请先接收运输箱并核对身份。",
)
ALREADY_THAWED = RefusalKind(
    "infusion.already_thawed",
    "{container} was already thawed at {thawed}; a bag is thawed once. Check what you scanned.",
    "{container} 已于 {thawed} 复苏，每袋只能复苏一次。请核对扫描内容。",
)
ANOTHER_THAWED = RefusalKind(
    "infusion.another_thawed",
    "{other} was thawed at {thawed} and is not infused yet. Infuse it first: each bag has {limit} from its thaw.",
    "{other} 已于 {thawed} 复苏，尚未输注。请先输注该袋：每袋复苏后只有 {limit}。",
)
NOT_THAWED = RefusalKind(
    "infusion.not_thawed",
    "The thaw of {container} is not on record. Record it when the bag goes into the thaw.",
    "{container} 没有复苏记录。请在开始复苏时登记。",
)
THAW_EXPIRED = RefusalKind(
    "infusion.thaw_expired",
    "{container} was thawed at {thawed}; infusion had to begin within {limit}. Do not infuse it; call the physician.",
    "{container} 于 {thawed} 复苏，须在 {limit} 内开始输注。不得输注，请通知医师。",
)
WRONG_ORDER = RefusalKind(
    "infusion.wrong_order",
    "The order presented is {presented}, not {treatment}. Stop; these are two patients' papers.",
    "出示的医嘱是 {presented}，不是 {treatment}。请停止操作，这是两名患者的文件。",
    identity=True,
)
NOT_MATCHED = RefusalKind(
    "infusion.not_matched",
    "{container} was not matched at the bedside under permit {permit}. Two people scan wristband, bag and order first.",
    "{container} 未在床旁按回输许可 {permit} 核对。请先由两人扫描腕带、成品袋和医嘱。",
    identity=True,
)
MATCH_EXPIRED = RefusalKind(
    "infusion.match_expired",
    "{container} was matched at the bedside at {matched}, more than {limit} ago. Two people match it again now.",
    "{container} 于 {matched} 在床旁核对，已超过 {limit}。请由两人立即重新核对。",
)
NOT_RUNNING = RefusalKind(
    "infusion.not_running",
    "No infusion runs on permit {permit}. Start the infusion with its first bag.",
    "回输许可 {permit} 没有正在进行的输注。请先用第一袋开始输注。",
)
ALREADY_BEGUN = RefusalKind(
    "infusion.already_begun",
    "{container} has already been begun. Scan the next bag.",
    "{container} 已开始输注。请扫描下一袋。",
)
NOT_BEGUN = RefusalKind(
    "infusion.not_begun",
    "The infusion of {container} is not running, so it cannot be finished. Check what you scanned.",
    "{container} 没有正在进行的输注，无法登记完成。请核对扫描内容。",
)


@dataclass(frozen=True, slots=True)
class Bedside:
    """What the rules at the bedside read. expires: when the shelf life of the bag in question ends."""

    treatment: Treatment
    labels: Labels
    custody: Custody
    shipments: Shipments
    dispositions: Dispositions
    infusion: Infusion
    product: Product
    expires: datetime


def confirm_availability(
    treatment: Treatment,
    custody: Custody,
    dispositions: Dispositions,
    infusion: Infusion,
    *,
    batch: str,
    final_bags: tuple[str, ...],
    confirmed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Signal that lymphodepletion is safe: the batch was let go, or one of its bags is at the hospital.

    final_bags: those of the batch that are left and may be used.
    """
    if refusal := open_for_work(treatment):
        return refusal
    if infusion.available == batch:
        return ALREADY_CONFIRMED(batch=batch)
    if refusal := _lost(dispositions, batch):
        return refusal
    if dispositions.of(batch).supplied:
        confirmation = AvailabilityConfirmed(treatment.id, batch, "released", confirmed)
        return (confirmation,) if final_bags else NOTHING_LEFT(batch=batch)
    if any(_received(treatment, custody, bag) is None for bag in final_bags):
        return (AvailabilityConfirmed(treatment.id, batch, "at_hospital", confirmed),)
    return NOT_AVAILABLE(batch=batch)


def start_lymphodepletion(
    treatment: Treatment,
    dispositions: Dispositions,
    infusion: Infusion,
    product: Product,
    final_bags: tuple[str, ...],
    performed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Begin lymphodepletion once availability is confirmed and not lost again; anew only when its window has closed.

    final_bags: those of the available batch that are left and may be used.
    """
    if refusal := open_for_work(treatment):
        return refusal
    if not infusion.available:
        return AVAILABILITY_UNCONFIRMED(treatment=treatment.id)
    if refusal := _lost(dispositions, infusion.available):
        return refusal
    if not final_bags:
        return NOTHING_LEFT(batch=infusion.available)
    began = infusion.lymphodepletion
    if began is not None and performed.signed <= began + product.lymphodepletion_maximum:
        return LYMPHODEPLETION_RUNS(began=_minute(began))
    return (LymphodepletionStarted(treatment.id, performed),)


def thaw(bedside: Bedside, *, permit: str, container: str, performed: Signature) -> Refusal | tuple[Fact, ...]:
    """Thaw a bag that could be infused at once, one at a time; a thaw without a good permit would waste the only product there is."""
    at = performed.signed
    refusal = _ready(bedside, permit, container, at, begun=_runs(bedside.infusion, permit)) or _in_window(bedside, at)
    if refusal:
        return refusal
    if (thawed := bedside.infusion.thawed.get(container)) is not None:
        return ALREADY_THAWED(container=container, thawed=_minute(thawed))
    limit = bedside.product.thaw_to_infusion
    for other, since in bedside.infusion.thawed.items():
        waits = other not in bedside.infusion.begun and not bedside.custody.held[other].gone
        if waits and at - since <= limit:
            return ANOTHER_THAWED(other=other, thawed=_minute(since), limit=limit)
    return (ProductThawed(bedside.treatment.id, permit, container, performed),)


def match_bedside(
    bedside: Bedside,
    *,
    permit: str,
    container: str,
    wristband: str,
    order: str,
    performed: Signature,
    verified: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Match wristband, bag and order: each must be this treatment's. Identity is never overridden."""
    treatment, labels = bedside.treatment, bedside.labels
    if refusal := open_for_work(treatment):
        return refusal
    if order != treatment.id:
        return WRONG_ORDER(presented=order, treatment=treatment.id)
    begun = _runs(bedside.infusion, permit)
    refusal = first_refusal(
        belongs(labels, treatment.id, wristband, "wristband"),
        covers(treatment, labels, bedside.dispositions, bedside.infusion.permits, permit, container, begun=begun),
        _received(treatment, bedside.custody, container),
    )
    return refusal or (BedsideMatched(treatment.id, permit, container, wristband, order, performed, verified),)


def start(
    bedside: Bedside, *, permit: str, container: str, performed: Signature, verified: Signature
) -> Refusal | tuple[Fact, ...]:
    """Begin the infusion with the first bag of the permit, which uses the permit up.

    Exactly at the end of the thaw's time, or of the window after lymphodepletion, it may still begin.
    """
    at = performed.signed
    if refusal := _ready(bedside, permit, container, at, begun=False):
        return refusal
    if container in bedside.infusion.begun:
        return ALREADY_BEGUN(container=container)
    refusal = _in_time(bedside, permit, container, at)
    return refusal or (InfusionStarted(bedside.treatment.id, permit, container, performed, verified),)


def continue_with(
    bedside: Bedside, *, permit: str, container: str, performed: Signature, verified: Signature
) -> Refusal | tuple[Fact, ...]:
    """Begin a further bag of the permit whose infusion runs; the same gates hold for it."""
    at = performed.signed
    refusal = _ready(bedside, permit, container, at, begun=True)
    if refusal:
        return refusal
    if not _runs(bedside.infusion, permit):
        return NOT_RUNNING(permit=permit)
    if container in bedside.infusion.begun:
        return ALREADY_BEGUN(container=container)
    refusal = _in_time(bedside, permit, container, at)
    return refusal or (InfusionContinued(bedside.treatment.id, permit, container, performed, verified),)


def finish(
    treatment: Treatment, labels: Labels, infusion: Infusion, container: str, performed: Signature
) -> Refusal | tuple[Fact, ...]:
    """The bag is empty. What was begun is recorded to its end, whatever has happened to the release since."""
    if refusal := belongs(labels, treatment.id, container, "final_bag"):
        return refusal
    if container not in infusion.begun or container in infusion.infused:
        return NOT_BEGUN(container=container)
    return (ContainerConsumed(treatment.id, container, "infused", performed),)


def _ready(bedside: Bedside, permit: str, container: str, at: datetime, *, begun: bool) -> Refusal | None:
    """Whether the permit covers the bag, and the bag is here, was kept as it should be and is in its shelf life."""
    treatment, infusion = bedside.treatment, bedside.infusion
    return (
        open_for_work(treatment)
        or covers(treatment, bedside.labels, bedside.dispositions, infusion.permits, permit, container, begun=begun)
        or _received(treatment, bedside.custody, container)
        or usable(bedside.shipments, container)
        or in_shelf_life(infusion.permits[permit].batch, bedside.expires, at)
    )


def _in_time(bedside: Bedside, permit: str, container: str, at: datetime) -> Refusal | None:
    """Whether the bag was matched, and both its thaw and the patient's lymphodepletion allow it to begin now."""
    infusion, product = bedside.infusion, bedside.product
    if infusion.matched.get(container) != permit:
        return NOT_MATCHED(container=container, permit=permit)
    if refusal := _in_window(bedside, at):
        return refusal
    thawed = infusion.thawed.get(container)
    if thawed is None:
        return NOT_THAWED(container=container)
    if at - thawed > product.thaw_to_infusion:
        return THAW_EXPIRED(container=container, thawed=_minute(thawed), limit=product.thaw_to_infusion)
    matched = infusion.matched_at[container]
    if at - matched > product.thaw_to_infusion:
        return MATCH_EXPIRED(container=container, matched=_minute(matched), limit=product.thaw_to_infusion)
    return None


def _in_window(bedside: Bedside, at: datetime) -> Refusal | None:
    """Whether the patient's lymphodepletion allows an infusion now; both ends of the window are inside it."""
    began, product = bedside.infusion.lymphodepletion, bedside.product
    if began is None:
        return NO_LYMPHODEPLETION(treatment=bedside.treatment.id)
    if at < began + product.lymphodepletion_minimum:
        return TOO_EARLY(earliest=_minute(began + product.lymphodepletion_minimum))
    if at > began + product.lymphodepletion_maximum:
        return TOO_LATE(latest=_minute(began + product.lymphodepletion_maximum))
    return None


def _received(treatment: Treatment, custody: Custody, container: str) -> Refusal | None:
    """Whether the bag is at the ordering hospital, unpacked and matched there with the order."""
    if refusal := in_hand(custody, container, treatment.hospital):
        return refusal
    received = custody.held[container].received
    return None if received else NOT_RECEIVED(container=container, hospital=treatment.hospital)


def _lost(dispositions: Dispositions, batch: str) -> Refusal | None:
    """Whether the batch can no longer become available."""
    state = dispositions.of(batch).state
    return supplied(dispositions, batch) if state in ("revoked", "rejected") else None


def _runs(infusion: Infusion, permit: str) -> bool:
    return permit in infusion.permits and infusion.permits[permit].state == "used"


def _minute(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
