"""Every form that there is, by its verb."""

from __future__ import annotations

from typing import Final

from yimai.interfaces.web.form import Form, registered
from yimai.interfaces.web.forms import (
    batch,
    batch_step,
    collection,
    custody,
    deviation,
    equipment,
    infusion,
    label,
    material_lot,
    oos_supply,
    outcome,
    person,
    sample,
    shipment,
    slot,
    suite,
    treatment,
)

FORMS: Final[dict[str, Form]] = registered(
    batch.FORMS,
    batch_step.FORMS,
    collection.FORMS,
    custody.FORMS,
    deviation.FORMS,
    equipment.FORMS,
    infusion.FORMS,
    label.FORMS,
    material_lot.FORMS,
    person.FORMS,
    oos_supply.FORMS,
    outcome.FORMS,
    sample.FORMS,
    shipment.FORMS,
    slot.FORMS,
    suite.FORMS,
    treatment.FORMS,
)
