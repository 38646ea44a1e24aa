"""The bodies of requests and answers, those of verbs made from the arguments of their actions."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, NotRequired

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints, create_model, with_config
from typing_extensions import TypedDict

from yimai.actions.verbs import VERBS

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class Given(Schema):
    """What a person gives to prove who signs. All empty but the password, or the passkey's assertion alone."""

    model_config = ConfigDict(extra="forbid")
    person: Identifier
    password: str = Field("", max_length=200)
    code: str = Field("", max_length=12)
    passkey: str = Field("", max_length=8000, description="The assertion as JSON, its challenge the record's hash")


class Asked(Schema):
    """What every request for a verb says beside the verb's own arguments.

    command: the idempotency id, chosen once; a repeat is answered from the stored facts. signatures: empty at first; the answer
    then says what would be recorded and who must sign, and nothing is written. record: the hash that was signed.
    """

    model_config = ConfigDict(extra="forbid")
    command: Identifier
    record: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    signatures: list[Given] = Field(default_factory=list, max_length=6)


class WrittenFact(Schema):
    """One fact as the ledger keeps it. hash: its leaf hash in the ledger."""

    kind: str
    hash: str
    subjects: list[str]
    actor: str
    site: str
    occurred: datetime
    recorded: datetime
    data: dict[str, Any]


class ToSign(Schema):
    """What would be recorded, not yet written. record: what is to be signed, a hex SHA-256."""

    answer: Literal["sign"] = "sign"
    record: str
    signers: dict[str, list[str]] = Field(description="Who must sign, with what the signatures mean")
    facts: list[WrittenFact]


class Recorded(Schema):
    """What the command wrote, or had written when it was first asked."""

    answer: Literal["done"] = "done"
    facts: list[WrittenFact]


class Refused(Schema):
    """Why not, and what to do: a stable code, and a sentence in both languages."""

    code: str
    zh: str
    en: str
    details: dict[str, str] = Field(default_factory=dict)


class Problem(Schema):
    """A request that could not be understood: where, and why."""

    detail: str


class Treatment(Schema):
    """A treatment at a glance, under its COI identifier; nothing says who the patient is."""

    treatment: str
    hospital: str
    base: str
    recipe: str
    stage: str
    state: str
    urgency: str
    ordered: datetime


@cache
def body_of(verb: str) -> type[Asked]:
    """The body of a request for the verb. Further fields are refused."""
    name = "".join(part.title() for part in verb.replace(".", "_").split("_"))
    fields: dict[str, Any] = {
        each.name: each.type if each.required else NotRequired[each.type] for each in VERBS[verb].arguments.values()
    }
    arguments: Any = TypedDict(f"{name}Arguments", fields)  # type: ignore[misc]  # made for each verb from its action
    with_config(ConfigDict(extra="forbid", val_json_bytes="base64"))(arguments)
    return create_model(name, __base__=Asked, arguments=(arguments, ...))
