"""Whatever a home offers leads somewhere: every link on every role's home is opened, in both languages."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

import pytest
from tests.walks.loaded import LoadedPlant

from yimai.domain.person import Role
from yimai.projections.words import ROLES

LANGUAGES: Final = ("zh-hans", "en")
LINK: Final = re.compile(r'<(?:a|form)\b[^>]*\b(?:href|action)="(/[^"#]*)')
SKIPPED: Final = re.compile(r"/(?:static|sign-out)\b|/account/sign-out")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_link_of_a_home_leads_somewhere(plant: LoadedPlant, role: Role) -> None:
    client = plant.client(role, proven=True)
    for language in LANGUAGES:
        home = client.get(f"/{language}/")
        assert home.status_code == 200
        found = dict.fromkeys(unescape(each) for each in LINK.findall(home.content.decode()))
        wrong = {}
        for each in found:
            if not SKIPPED.search(each):
                status = client.get(each).status_code
                if status not in (200, 302, 405):  # 405: what is asked by POST alone
                    wrong[each] = status
        assert len(found) > 5
        assert wrong == {}


def test_a_deviation_is_reported_from_the_home_by_naming_its_batch(plant: LoadedPlant) -> None:
    client = plant.client("operator")
    asked = client.get("/zh-hans/act/deviation.report?next=/zh-hans/")
    assert asked.status_code == 200
    assert "涉及哪一批次" in asked.content.decode()
    offered = re.findall(r'class="go" href="([^"]*treatment=[^"]*)"', asked.content.decode())
    assert offered
    shown = client.get(unescape(offered[0]))
    assert shown.status_code == 200
    assert 'name="classification"' in shown.content.decode()


def test_a_search_leads_nobody_to_a_closed_page(plant: LoadedPlant) -> None:
    asked = plant.client("coordinator").get("/zh-hans/search", {"q": "suite-04"})
    assert asked.status_code == 404
    assert "您的角色不能查看" in asked.content.decode()
    assert plant.client("scheduler").get("/zh-hans/search", {"q": "suite-04"}).status_code == 302
