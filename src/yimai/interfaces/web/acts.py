"""Every form that there is, by its verb."""

from __future__ import annotations

from typing import Final

from yimai.interfaces.web.form import Form, registered
from yimai.interfaces.web.forms import collection

FORMS: Final[dict[str, Form]] = registered(collection.FORMS)
