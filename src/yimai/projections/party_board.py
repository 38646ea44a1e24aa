"""Who is party to a treatment: the sites and people that belong to its audiences (see ``audience``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from yimai.domain.custody import ContainerHandedOver, ContainerTakenInCharge
from yimai.domain.shipment import ShipmentPacked
from yimai.domain.treatment import TreatmentOrdered
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.party (
    audience text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    PRIMARY KEY (audience, party)
);
CREATE INDEX party_party ON projection.party (party, audience);
GRANT SELECT ON projection.party TO yimai_live;
CREATE POLICY live ON projection.party FOR SELECT TO yimai_live USING (true);
"""

AUDIENCE: Final = {"party": audience.PARTY}


def changes(entry: Entry) -> Iterator[Change]:
    named = tuple(_parties(entry))
    if named:
        yield Change(
            "INSERT INTO projection.party SELECT * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING",
            ([circle for circle, _ in named], [party for _, party in named]),
        )


def _parties(entry: Entry) -> Iterator[tuple[str, str]]:
    data: Any = entry.data
    match entry.kind:
        case TreatmentOrdered.kind:
            hospital, base, treatment = f"site/{data['hospital']}", f"site/{data['base']}", data["treatment"]
            yield f"patient/{treatment}", hospital
            for circle in ("treatment", "way"):
                yield f"{circle}/{treatment}", hospital
                yield f"{circle}/{treatment}", base
        case ContainerTakenInCharge.kind:
            yield f"way/{data['treatment']}", f"person/{data['holder']}"
        case ContainerHandedOver.kind:
            yield f"way/{data['treatment']}", f"person/{data['given']['signer']}"
            yield f"way/{data['treatment']}", f"person/{data['taken']['signer']}"
        case ShipmentPacked.kind:
            yield f"way/{data['treatment']}", f"site/{data['destination']}"
        case _:
            pass
