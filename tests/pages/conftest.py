"""One house for all tests of pages: treatments at every stage, seen through a window that counts queries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import django
import pytest
from django.test import Client
from tests.conftest import clone_of_template
from tests.projections.following import begin, followed, screen_pool
from tests.projections.story import BASE, Story, Telling
from tests.signing_in import accounts_on, register_person, signed_in
from tests.windows import opened_window

from yimai.wiring.bench_web import CountingCursor
from yimai.wiring.embedded_database import EmbeddedDatabase

HOSTILE = "<script>alert('园区')</script>"
READER = "QA-1"
STAGES = tuple(stage for stage, _ in Telling.CHAPTERS)


@dataclass(frozen=True)
class House:
    """stages: a treatment for each. whole: the telling of one that was infused. story: to tell more."""

    stages: dict[str, str]
    whole: Telling
    story: Story
    url: str


@pytest.fixture(scope="session")
def house(postgres: EmbeddedDatabase) -> Iterator[House]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    with (
        clone_of_template(postgres) as url,
        followed(url) as pool,
        screen_pool(url, cursor_factory=CountingCursor) as screen,
        accounts_on(url),
    ):
        story = begin(pool)
        story.open_house(HOSTILE)
        stages = {stage: story.treatment(stage, steps=0 if stage == "collecting" else 4) for stage in STAGES}
        whole = Telling(story, story.mint("treatment"), urgency="urgent", deviation="wash", excursion=True)
        whole.until("infused")
        stages["infused"] = whole.coi
        story.ledger.seal()
        with opened_window(screen, story.clock):
            yield House(stages, whole, story, url)


@pytest.fixture
def client(house: House) -> Client:
    """A browser in which somebody of quality assurance is signed in."""
    return signed_in(Client(SERVER_NAME="localhost"), READER)


@pytest.fixture
def asked(house: House) -> Callable[[], int]:
    """How many queries were made since the test began."""
    CountingCursor.asked = 0
    return lambda: CountingCursor.asked


@pytest.fixture
def as_role(house: House) -> Callable[[str], Client]:
    """Sign in as somebody of the base who has this role and no other."""

    def browser(role: str) -> Client:
        register_person(house.url, f"{role}-of-base", BASE, role)
        return signed_in(Client(SERVER_NAME="localhost"), f"{role}-of-base")

    return browser
