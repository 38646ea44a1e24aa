"""The infusion permit: the base lets these bags be infused once, on the release that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yimai.actions import infusion
from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choices, Given, Option
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.forms.disposition import batch_of
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known


def _bags(situation: Situation) -> list[Option]:
    """The batch's final bags that are not gone."""
    made = situation.vein.batches.by_id.get(batch_of(situation))
    held = situation.vein.custody.held
    bags = [each for each in made.final_bags if each in held and not held[each].gone] if made is not None else []
    return [(each, Words(grouped(each), grouped(each))) for each in bags]


@dataclass(frozen=True, kw_only=True)
class Bags(Choices):
    """The bags that the address names, else all of them."""

    def initial(self, situation: Situation) -> Sequence[str]:
        named = situation.given.get(self.name, "")
        return named.split(",") if named else [code for code, _ in self.options(situation)]


FORMS: Final = (
    Form(
        infusion.issue_permit,
        Words("签发回输许可", "Issue an infusion permit"),
        (
            Given(name="treatment"),
            Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=batch_of),
            Bags(name="containers", title=Words("许可回输的成品袋", "Bags that may be infused"), options=_bags),
        ),
        button=Words("签发", "Issue it"),
        guide=Words(
            "许可只用一次，依据当前放行；放行撤销即失效。",
            "Good for one infusion, on the release that stands; it falls with that release.",
        ),
    ),
)
