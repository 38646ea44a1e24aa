"""Every form that there is, by its verb."""

from __future__ import annotations

from typing import Final

from yimai.interfaces.web.form import Form, registered
from yimai.interfaces.web.forms import (
    collection,
    custody,
    deviation,
    equipment,
    label,
    material_lot,
    sample,
    shipment,
    suite,
)

FORMS: Final[dict[str, Form]] = registered(
    collection.FORMS,
    custody.FORMS,
    deviation.FORMS,
    equipment.FORMS,
    label.FORMS,
    material_lot.FORMS,
    sample.FORMS,
    shipment.FORMS,
    suite.FORMS,
)
