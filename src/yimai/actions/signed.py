"""The shape of many actions: one treatment, one signature of the actor, at times with a second person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType

from yimai.actions.decision import Answer, Seen, Signers, decide
from yimai.domain.fact import Fact, Meaning, Signature
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]
Ask = Callable[[Seen, Vein, Signature], Verdict]
"""What the domain says, given what was read, the treatment's vein and the actor's signature."""


def signed(
    ledger: Ledger,
    command: Command,
    ask: Ask,
    *,
    verb: str,
    treatment: str,
    meaning: Meaning,
    signers: Signers = MappingProxyType({}),
    about: tuple[str, ...] = (),
    deposits: Sequence[Deposit] = (),
) -> Answer:
    """Decide what the actor asks for about a treatment. signers: as for ``decide``. about: further subjects of the facts."""

    def rule(seen: Seen) -> Verdict:
        return ask(seen, seen.vein(treatment), seen.sign(command.actor, meaning))

    return decide(ledger, command, about, rule, verb=verb, treatment=treatment, signers=signers, deposits=deposits)
