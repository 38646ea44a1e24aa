"""Every form that there is, by its verb."""

from __future__ import annotations

from typing import Final

from yimai.interfaces.web.form import Form, registered
from yimai.interfaces.web.forms import (
    approval,
    batch,
    batch_step,
    collection,
    custody,
    deviation,
    disposition,
    equipment,
    excursion,
    infusion,
    label,
    material_lot,
    oos_supply,
    outcome,
    permit,
    person,
    plan,
    register,
    retention,
    sample,
    shipment,
    site,
    slot,
    suite,
    timetable,
    treatment,
)

FORMS: Final[dict[str, Form]] = registered(
    approval.FORMS,
    batch.FORMS,
    batch_step.FORMS,
    collection.FORMS,
    custody.FORMS,
    deviation.FORMS,
    disposition.FORMS,
    equipment.FORMS,
    excursion.FORMS,
    infusion.FORMS,
    label.FORMS,
    material_lot.FORMS,
    person.FORMS,
    oos_supply.FORMS,
    outcome.FORMS,
    permit.FORMS,
    plan.FORMS,
    register.FORMS,
    retention.FORMS,
    sample.FORMS,
    shipment.FORMS,
    site.FORMS,
    slot.FORMS,
    suite.FORMS,
    timetable.FORMS,
    treatment.FORMS,
)
