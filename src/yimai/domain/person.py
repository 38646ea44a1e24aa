"""People who work at a site: their roles and qualifications. Their names lie in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import ClassVar, Literal

from yimai.domain.fact import Fact, Meaning, Signature
from yimai.domain.identifier import names
from yimai.domain.reason import listed
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Claim, Entry

Role = Literal[
    "coordinator",
    "nurse",
    "physician",
    "courier",
    "operator",
    "second_person",
    "qc_analyst",
    "qa",
    "qualified_person",
    "scheduler",
    "planner",
    "inspector",
    "administrator",
]


@dataclass(frozen=True, slots=True)
class PersonRegistered(Fact):
    """A person works at a site in these roles. name: hex commitment to the printed name."""

    kind: ClassVar[str] = "person.registered.v1"
    about: ClassVar[tuple[str, ...]] = ("person",)
    person: str
    site: str
    roles: tuple[Role, ...]
    name: str


@dataclass(frozen=True, slots=True)
class PersonRolesChanged(Fact):
    """A person works in these roles from now on; without any, the person does nothing any more."""

    kind: ClassVar[str] = "person.roles_changed.v1"
    about: ClassVar[tuple[str, ...]] = ("person",)
    person: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class RolesDecided(Fact):
    """An administrator decided on the roles in which a person works, as recorded together with this."""

    kind: ClassVar[str] = "person.roles_decided.v1"
    about: ClassVar[tuple[str, ...]] = ("person",)
    person: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class AdministrationFounded(Fact):
    """A ledger's first administrator registered himself, which only one person can do, once."""

    kind: ClassVar[str] = "person.administration_founded.v1"
    about: ClassVar[tuple[str, ...]] = ("person",)
    person: str

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("administration", "founded", "take"),)


@dataclass(frozen=True, slots=True)
class PersonQualified(Fact):
    """A person may do what the qualification covers, on both days and those between."""

    kind: ClassVar[str] = "person.qualified.v1"
    about: ClassVar[tuple[str, ...]] = ("person",)
    person: str
    qualification: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class QualificationWithdrawn(Fact):
    """A person's qualification ended before its last day."""

    kind: ClassVar[str] = "person.qualification_withdrawn.v1"
    about: ClassVar[tuple[str, ...]] = ("person",)
    person: str
    qualification: str
    reason: str


@dataclass(frozen=True, slots=True)
class PasskeyRegistered(Fact):
    """A person states that a passkey is his own, so that anybody can tell from the ledger whose its signatures are.

    passkey: hex SHA-256 of the public key. public_key: DER SubjectPublicKeyInfo.
    """

    kind: ClassVar[str] = "person.passkey_registered.v1"
    about: ClassVar[tuple[str, ...]] = ("person", "passkey")
    person: str
    passkey: str
    public_key: bytes
    signature: Signature


@dataclass(frozen=True, slots=True)
class PasskeyWithdrawn(Fact):
    """A passkey signs nothing more: its own person, or an administrator for one that was lost, withdraws it for good.

    What it signed before stays signed.
    """

    kind: ClassVar[str] = "person.passkey_withdrawn.v1"
    about: ClassVar[tuple[str, ...]] = ("person", "passkey")
    person: str
    passkey: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its facts tell. holder: whose it is, "" for nobody's."""

    id: str = ""
    holder: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A person as their facts tell; an unknown person has no site and no role."""

    id: str = ""
    site: str = ""
    roles: tuple[Role, ...] = ()
    name: str = ""
    qualifications: Mapping[str, tuple[date, date]] = field(default_factory=dict)

    def sign(self, meaning: Meaning, at: datetime) -> Signature:
        return Signature(self.id, self.name, meaning, at)


def evolve(person: Person, fact: Fact, entry: Entry) -> Person:
    match fact:
        case PersonRegistered():
            return replace(person, id=fact.person, site=fact.site, roles=fact.roles, name=fact.name)
        case PersonRolesChanged():
            return replace(person, roles=fact.roles)
        case PersonQualified():
            valid = (fact.valid_from, fact.valid_until)
            return replace(person, qualifications={**person.qualifications, fact.qualification: valid})
        case QualificationWithdrawn():
            kept = {name: valid for name, valid in person.qualifications.items() if name != fact.qualification}
            return replace(person, qualifications=kept)
    return person


def evolve_passkey(passkey: Passkey, fact: Fact) -> Passkey:
    match fact:
        case PasskeyRegistered() if not passkey.holder:
            return Passkey(fact.passkey, fact.person)
        case PasskeyWithdrawn():
            return replace(passkey, withdrawn=True)
    return passkey


PASSKEY_UNKNOWN = RefusalKind(
    "person.passkey_unknown",
    "The ledger has no passkey {passkey} of {person}. Look under My account, or at the person's account, which there are.",
    "账本中没有 {person} 的通行密钥 {passkey}。请在“我的账号”或该人员的账号页核对。",
)
PASSKEY_WITHDRAWN = RefusalKind(
    "person.passkey_withdrawn",
    "This passkey of {person} has been withdrawn, for good. Make another passkey under My account.",
    "{person} 的该通行密钥已永久撤回。请在“我的账号”中另建一个通行密钥。",
)
PASSKEY_KNOWN = RefusalKind(
    "person.passkey_known",
    "This passkey stands on the ledger already, as that of {person}. Go on with it, or make another passkey.",
    "该通行密钥已登记在账本中，属于 {person}。请继续使用，或另建一个通行密钥。",
)
NOT_A_KEY = RefusalKind(
    "person.not_a_key",
    "This is not the public key of a passkey that can sign here. Make the passkey anew under My account.",
    "这不是可在此签名的通行密钥公钥。请在“我的账号”中重新生成通行密钥。",
)
ALREADY_REGISTERED = RefusalKind(
    "person.already_registered",
    "Person {person} is already registered. Choose another identifier, or change the registered person.",
    "人员 {person} 已登记。请使用其他标识，或修改已登记人员。",
)
NOT_OF_ROLE = RefusalKind(
    "person.not_of_role",
    "{person} is not registered as {roles}. Ask a colleague who is, or have the administrator check the roles.",
    "{person} 没有登记为 {roles}。请由具备该角色的人员操作，或请管理员核对角色。",
)
UNKNOWN = RefusalKind(
    "person.unknown",
    "There is no person {person} on the register. Check the identifier, or have the administrator register them first.",
    "名册中没有人员 {person}。请核对标识，或先由管理员登记。",
)
OWN_QUALIFICATION = RefusalKind(
    "person.own_qualification",
    "{person} cannot give himself a qualification. Ask another colleague of QA.",
    "{person} 不能给自己授予资质。请由另一名 QA 同事授予。",
)
OWN_ROLES = RefusalKind(
    "person.own_roles",
    "{person} cannot change his own roles. Ask another administrator.",
    "{person} 不能更改自己的角色。请由另一名管理员更改。",
)
BAD_NAME = RefusalKind(
    "person.bad_name",
    "'{name}' cannot name a person here: use up to 64 small letters, digits and hyphens, such as nurse-07. Correct it.",
    "“{name}”不能用作人员标识：请使用不超过 64 位的小写字母、数字和连字符，如 nurse-07。请更正。",
)
NOT_QUALIFIED = RefusalKind(
    "person.not_qualified",
    "{person} holds no valid qualification '{qualification}' on {day}. Ask a qualified colleague to take over.",
    "{person} 在 {day} 没有有效的资质“{qualification}”。请由具备资质的人员接手。",
)
NOT_OF_SITE = RefusalKind(
    "person.not_of_site",
    "{person} does not work at {site}. Ask a colleague of {site} to do this.",
    "{person} 不属于 {site}。请由 {site} 的人员操作。",
)
SAME_PERSON = RefusalKind(
    "person.same_person",
    "{person} cannot be both the first and the second person. Ask a second person to check and sign.",
    "{person} 不能既是操作人又是复核人。请由第二人复核并签名。",
)


def of_site(person: Person, site: str) -> Refusal | None:
    return None if person.site == site else NOT_OF_SITE(person=person.id or "?", site=site)


def qualified(person: Person, qualification: str, on: date) -> Refusal | None:
    valid_from, valid_until = person.qualifications.get(qualification, (date.max, date.min))
    if valid_from <= on <= valid_until:
        return None
    return NOT_QUALIFIED(person=person.id or "?", qualification=qualification, day=on)


def two_people(first: Person, second: Person) -> Refusal | None:
    return SAME_PERSON(person=first.id) if first.id == second.id else None


def known(person: Person, presented: str) -> Refusal | None:
    return None if person.id else UNKNOWN(person=presented)


def qualify(by: str, given: PersonQualified) -> Refusal | tuple[Fact, ...]:
    """Qualify a person, which nobody does for himself."""
    return OWN_QUALIFICATION(person=by) if by == given.person else (given,)


def change_roles(changed: PersonRolesChanged, decided: Signature) -> Refusal | tuple[Fact, ...]:
    """Give a person other roles, which nobody does for himself."""
    if decided.signer == changed.person:
        return OWN_ROLES(person=changed.person)
    return (changed, RolesDecided(changed.person, decided))


def register(
    administrator: Person, registration: PersonRegistered, known: bool, at: datetime
) -> Refusal | tuple[Fact, ...]:
    """Register a person, which an administrator signs. The ledger's first administrator registers himself, before anybody has an account.

    administrator: the actor as registered. known: whether the person is on the register already.
    """
    if known:
        return ALREADY_REGISTERED(person=registration.person)
    if not names(registration.person):
        return BAD_NAME(name=registration.person[:64])
    if not administrator.id:
        return (AdministrationFounded(registration.person), registration)
    return (registration, RolesDecided(registration.person, administrator.sign("decided", at)))


def register_passkey(person: Person, public_key: bytes, known: Passkey, at: datetime) -> Refusal | tuple[Fact, ...]:
    """Bind a passkey to the person who signs for it. known: what the ledger tells of it."""
    if known.withdrawn:
        return PASSKEY_WITHDRAWN(person=known.holder)
    if known.holder:
        return PASSKEY_KNOWN(person=known.holder)
    return (PasskeyRegistered(person.id, fingerprint(public_key), public_key, person.sign("performed", at)),)


def withdraw_passkey(
    passkey: Passkey, presented: str, holder: str, reason: str, decided: Signature
) -> Refusal | tuple[Fact, ...]:
    """Withdraw the passkey. holder: whose it must be."""
    if not passkey.holder or passkey.holder != holder:
        return PASSKEY_UNKNOWN(person=holder, passkey=presented[:64])
    if passkey.withdrawn:
        return PASSKEY_WITHDRAWN(person=holder)
    return listed(reason) or (PasskeyWithdrawn(holder, passkey.id, reason, decided),)


def fingerprint(public_key: bytes) -> str:
    return sha256(public_key).hexdigest()
