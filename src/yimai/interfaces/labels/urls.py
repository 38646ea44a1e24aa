"""Addresses of labels, the same in every language; the file's ending says the form."""

from __future__ import annotations

from django.urls import path

from yimai.interfaces.labels import label

urlpatterns = [
    path("<str:item>/<int:copy>.png", label.picture, name="label_picture"),
    path("<str:item>/<int:copy>.pdf", label.paper, name="label_paper"),
    path("<str:item>/<int:copy>-<int:dpi>.zpl", label.printer, name="label_printer"),
]
