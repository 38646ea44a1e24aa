"""Annual returns of establishments: filed with the document they rest on, signed by who files them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import annual_return as returns
from yimai.domain.annual_return import AnnualReturnFiled, Sale
from yimai.domain.establishment import UNKNOWN, EstablishmentOpened, EstablishmentTransferred
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def file(
    ledger: Ledger,
    command: Command,
    *,
    establishment: str,
    organisation: str,
    year: int,
    therapies: Literal["cell", "gene"],
    audit: Literal["audited", "self_declared"],
    document: str,
    revenue: int | None = None,
    gross_output: int | None = None,
    value_added: int | None = None,
    sales: tuple[Sale, ...] = (),
) -> Answer:
    """A planner files an establishment's return of a year that is over; money is in fen."""
    name = returns.named(establishment, year, therapies)

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        about = [fact for fact, _ in seen.facts("site", establishment)]
        owners = {f.organisation for f in about if isinstance(f, EstablishmentOpened | EstablishmentTransferred)}
        if not any(isinstance(fact, EstablishmentOpened) for fact in about):
            return UNKNOWN(site=establishment)
        said = AnnualReturnFiled(
            annual_return=name,
            establishment=establishment,
            organisation=organisation,
            year=year,
            therapies=therapies,
            revenue=revenue,
            gross_output=gross_output,
            value_added=value_added,
            sales=sales,
            audit=audit,
            document=document,
            filed=seen.sign(command.actor, "recorded"),
        )
        buyers = tuple(tuple(fact for fact, _ in seen.facts("organisation", sale.organisation)) for sale in sales)
        earlier = tuple(fact for fact, _ in seen.facts("annual_return", name))
        return returns.file(said, frozenset(owners - {""}), buyers, earlier)

    read = (subject("annual_return", name), subject("site", establishment))
    return decide(ledger, command, read, rule, verb="annual_return.file", owner=lambda seen: "")
