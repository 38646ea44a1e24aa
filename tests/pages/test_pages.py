"""What the pages promise: both languages whole, nothing from outside, nothing hostile, and honest about what is unknown."""

from __future__ import annotations

import dataclasses
import gettext
import re
import typing
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client
from tests.pages import messages
from tests.pages.conftest import HOSTILE, STAGES, House
from tests.projections.story import Telling

from yimai.domain.facts import KINDS
from yimai.domain.identifier import mint
from yimai.domain.treatment import TreatmentDeclined
from yimai.interfaces.files.reading import CATALOGUE
from yimai.interfaces.web import headers, search
from yimai.interfaces.web.templatetags.tablet import SCRIPTS
from yimai.projections.field_words import FIELDS, VALUES
from yimai.projections.words import ROLES, SITE_KINDS
from yimai.wiring import content_files

LANGUAGES = ("zh-hans", "en")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TAGS = re.compile(r"<script.*?</script>|<svg class=\"vein.*?</svg>|<[^>]+>", re.DOTALL)
IN_BOTH = ("programme", "plan", "registered", "brief")
"""Pages with clauses in the language of their source, or titles in both."""
CODE = re.compile(r"<code>[^<]*</code>")
MACHINE_WORDS = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b(?!\.v1)")


def get(client: Client, path: str, language: str = "zh-hans") -> tuple[int, str]:
    response = client.get(f"/{language}{path}")
    return response.status_code, response.content.decode()


def text_of(page: str) -> str:
    """What a reader sees of the page's main part."""
    main = page[page.index("<main") : page.index("</main>")]
    return unescape(TAGS.sub(" ", main))


def untranslated(shown: str) -> list[str]:
    """The English messages of more than one word that stand in a Chinese page."""
    parts = {message: re.split(r"%\(\w+\)s", message) for message in messages.to_translate() if " " in message.strip()}
    return [message for message, texts in parts.items() if re.search(r"\S+".join(map(re.escape, texts)), shown)]


@pytest.fixture
def paths(house: House) -> dict[str, str]:
    whole = house.whole
    return {
        "home": "/",
        "today": "/today",
        "programme": "/programme",
        "plan": "/plan/cell_therapy",
        "brief": "/programme/print",
        "register": "/register",
        "registered": "/register/site/lingang",
        "search": "/search",
        "every fact": f"/treatment/{whole.coi}/vein",
        "stage": "/treatments/in_manufacture",
        "lot": "/about/material_lot/LOT-001",
        "suite": f"/about/suite/{whole.suite}",
        "person": "/about/person/OPER-1",
        "site": "/about/site/hostile",
        "equipment": "/about/equipment/bsc-01",
        "container": f"/about/container/{whole.final}",
        "shipment": f"/about/shipment/{whole.shipper}",
        "batch": f"/about/batch/{whole.batch}",
        "permit": f"/about/permit/{whole.permit}",
        "position": f"/about/storage_position/vapour-freezer-01/A-{whole.final[-4:]}",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_treatment_renders_at_every_stage(house: House, client: Client, stage: str, language: str) -> None:
    status, page = get(client, f"/treatment/{house.stages[stage]}", language)
    assert status == 200
    assert '<svg class="vein"' in page
    if language == "en":
        assert not CHINESE.search(text_of(page))
    else:
        assert untranslated(text_of(page)) == []
    assert not MACHINE_WORDS.findall(text_of(page))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_renders_in_the_reader_s_language(
    house: House, client: Client, paths: dict[str, str], language: str
) -> None:
    for name, path in paths.items():
        status, page = get(client, path, language)
        assert status == 200, name
        assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in page
        shown = text_of(page).replace("园区", "")
        if language == "en" and name not in IN_BOTH:
            assert not CHINESE.search(shown), name
        if language == "zh-hans":
            assert CHINESE.search(shown), name
            assert untranslated(shown) == [], name
        assert not MACHINE_WORDS.findall(text_of(CODE.sub(" ", page))), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_fact_that_was_told_has_a_page(house: House, client: Client, language: str) -> None:
    entries = {entry.kind: entry for _, entry in house.story.ledger.entries()}
    del entries["ledger.opened.v1"]
    assert len(entries) > 30
    for kind, entry in entries.items():
        status, page = get(client, f"/fact/{entry.hash.hex()}", language)
        assert status == 200, kind
        assert entry.hash.hex() in page
        if language == "en" and not any(name.endswith("_zh") for name in entry.data):  # titles stand there in both
            assert not CHINESE.search(text_of(page)), kind


def test_every_fact_comes_once_the_page_is_shown_and_has_a_page_by_itself(house: House, client: Client) -> None:
    path = f"/treatment/{house.whole.coi}"
    page = get(client, path, "en")[1]
    told = int(re.findall(r'Every fact <span class="count">(\d+)', page)[0])
    assert '<li id="fact-' not in page
    assert f'href="/en{path}/vein"' in page
    part = client.get(f"/en{path}/vein", headers={"HX-Request": "true"}).content.decode()
    assert part.count('<li id="fact-') == told > 50
    assert "<main" not in part
    assert get(client, f"{path}/vein", "en")[1].count('<li id="fact-') == told
    assert get(client, f"/treatment/{mint('treatment', bytes(5))}/vein")[0] == 404


def test_the_other_language_keeps_the_page(house: House, client: Client) -> None:
    path = f"/treatment/{house.whole.coi}"
    assert f'href="/en{path}"' in get(client, path)[1]
    assert f'href="/zh-hans{path}"' in get(client, path, "en")[1]
    assert 'href="/en/search?q=LOT-9"' in get(client, "/search?q=LOT-9")[1]


def test_chinese_comes_first_unless_the_browser_asks_for_english(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/zh-hans/"
    assert client.get("/", HTTP_ACCEPT_LANGUAGE="fr").headers["Location"] == "/zh-hans/"
    assert client.get("/", HTTP_ACCEPT_LANGUAGE="en-GB").headers["Location"] == "/en/"


def test_hostile_text_is_shown_as_text(house: House, client: Client) -> None:
    status, page = get(client, "/about/site/hostile")
    assert status == 200
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    status, page = get(client, "/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert status == 404
    assert "<script>alert" not in page


def test_nothing_comes_from_outside_and_nothing_is_inline(house: House, client: Client, paths: dict[str, str]) -> None:
    for path in (*paths.values(), f"/treatment/{house.whole.coi}", "/nothing"):
        response = client.get(f"/zh-hans{path}")
        page = response.content.decode()
        assert response.headers["Content-Security-Policy"] == headers.policy()
        assert "unsafe" not in headers.policy()
        assert not re.findall(r"""(?:src|href|action|poster)="(?:https?:)?//""", page)
        assert not re.findall(r"""<style|\sstyle="|\son[a-z]+="|<script(?![^>]*\ssrc=)""", page)


def test_our_own_files_are_served_and_name_no_other_host(house: House, client: Client) -> None:
    page = get(client, "/")[1]
    own = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(own) == 2 + len(SCRIPTS)
    for path in own:
        response: Any = client.get(path)
        assert response.status_code == 200
        body = b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()
        if "/vendor/" not in path:
            assert not re.findall(r"""[a-z]://|["'`(]//""", body.replace("http://www.w3.org/2000/svg", ""))


def test_questions_to_the_database_do_not_grow_with_what_is_shown(
    house: House, client: Client, asked: Callable[[], int]
) -> None:
    programme = ("/programme", "/programme/print", "/plan/cell_therapy", "/register", "/register/site/lingang")
    for path in ("/", f"/treatment/{house.whole.coi}", "/about/material_lot/LOT-001", *programme):
        before = asked()
        assert get(client, path)[0] == 200
        assert asked() - before <= 16, path


def test_demonstration_data_are_marked_on_every_page(house: House, client: Client, paths: dict[str, str]) -> None:
    for path in (*paths.values(), f"/treatment/{house.whole.coi}", "/nothing"):
        assert "模拟的合成数据" in get(client, path)[1]


def test_an_unknown_value_is_unknown_and_never_zero(client: Client) -> None:
    page = get(client, "/programme", "en")[1]
    values = re.findall(r'<p class="value"><span class="unknown">([^<]+)</span>', page)
    assert len(values) == 15  # every reading of the twelve goals
    assert set(values) == {"? unknown"}


def test_money_is_shown_exactly(client: Client) -> None:
    chinese, english = text_of(get(client, "/programme")[1]), text_of(get(client, "/programme", "en")[1])
    assert "≥ 100 亿元" in chinese
    assert "≥ 10 billion yuan" in english
    assert "120 万元" in chinese
    assert "9,847 亿元" in chinese


def test_a_goal_shows_its_clause_word_for_word_both_readings_and_its_sources(client: Client) -> None:
    page = text_of(get(client, "/programme")[1])
    for told in (
        "产业规模达到100亿元",
        "more than five",
        "“以上”包括本数",
        "转载报道",
        "已核对原文",
        "待核对",
        "演示虚构",
    ):
        assert told in page


def test_an_assumed_limit_is_marked_as_assumed(house: House, client: Client) -> None:
    page = get(client, f"/treatment/{house.whole.coi}", "en")[1]
    assert page.count('<span class="tag assumed">Assumed</span>') > 5


def test_a_refused_match_is_visible_with_its_reason(house: House, client: Client) -> None:
    page = get(client, f"/treatment/{house.whole.coi}", "en")[1]
    assert "Refused matches" in page
    refused = next(entry for _, entry in house.story.ledger.entries() if entry.kind == "identity.match_refused.v1")
    assert "does not belong to treatment" in get(client, f"/fact/{refused.hash.hex()}", "en")[1]


def test_no_page_shows_a_commitment_as_a_name(house: House, client: Client) -> None:
    registered = next(entry for _, entry in house.story.ledger.entries() if entry.kind == "person.registered.v1")
    page = get(client, f"/fact/{registered.hash.hex()}", "en")[1]
    assert "Name (commitment)" in page


def test_the_approved_programme_comes_as_a_file_that_can_be_approved_again(client: Client) -> None:
    links = re.findall(r'href="(/en/programme/[^"]+/file)"', get(client, "/programme", "en")[1])
    assert links
    answer = client.get(links[0])
    assert "attachment" in answer.headers["Content-Disposition"]
    shipped = content_files.read("programme", (CATALOGUE / "programmes" / "shanghai.yaml").read_bytes())
    assert content_files.read("programme", answer.content) == shipped
    assert client.get("/en/programme/nothing/file").status_code == 404


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "says"), [("王小明", "姓名和住院号不可查找"), ("D000000221", "姓名和住院号不可查找")]
    )
    def test_names_and_hospital_numbers_are_said_not_to_be_searched(
        self, client: Client, query: str, says: str
    ) -> None:
        response = client.get("/zh-hans/search", {"q": query})
        assert response.status_code == 404
        assert says in response.content.decode()

    @pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{grouped}", "{lower_grouped}"])
    def test_an_identifier_is_found_as_it_is_typed_or_scanned(self, house: House, client: Client, typed: str) -> None:
        coi = house.whole.coi
        grouped = f"{coi[:4]}-{coi[4:8]}-{coi[8:]}"
        query = typed.format(coi, lower=coi.lower(), grouped=grouped, lower_grouped=grouped.lower())
        response = client.get("/zh-hans/search", {"q": query})
        assert response.headers["Location"] == f"/zh-hans/treatment/{coi}"

    @pytest.mark.parametrize(
        ("query", "address"),
        [
            ("LOT-001", "/about/material_lot/LOT-001"),
            ("lot-001", "/about/material_lot/LOT-001"),
            ("Suite-07", "/about/suite/suite-07"),
            ("OPER-1", "/about/person/OPER-1"),
        ],
    )
    def test_things_with_names_of_their_own_are_found(
        self, house: House, client: Client, query: str, address: str
    ) -> None:
        assert client.get("/en/search", {"q": query}).headers["Location"] == f"/en{address}"

    def test_a_hash_leads_to_its_fact(self, house: House, client: Client) -> None:
        _, entry = next(iter(list(house.story.ledger.entries())[5:]))
        response = client.get("/en/search", {"q": entry.hash.hex().upper()})
        assert response.headers["Location"] == f"/en/fact/{entry.hash.hex()}"

    def test_a_wrong_check_character_is_explained(self, house: House, client: Client) -> None:
        coi = house.whole.coi
        wrong = coi[:-1] + ("A" if coi[-1] != "A" else "B")
        assert search.problem(wrong) == "check"
        status, page = get(client, f"/search?q={wrong}", "en")
        assert status == 404
        assert "check character does not fit" in page

    def test_an_unknown_identifier_is_explained(self, house: House, client: Client) -> None:
        status, page = get(client, f"/search?q={house.story.mint('treatment')}", "en")
        assert status == 404
        assert "No fact of this ledger that you may see mentions it" in page

    def test_the_beginning_of_an_identifier_offers_what_it_may_be(self, house: House, client: Client) -> None:
        status, page = get(client, "/search?q=LOT-0", "en")
        assert status == 404
        assert 'href="/en/about/material_lot/LOT-001"' in page

    @pytest.mark.parametrize("query", ["", "%00", "/", "..", "a/b", "'", "%F0%9F%A7%AC", "x" * 500])
    def test_no_query_breaks_it(self, client: Client, query: str) -> None:
        assert get(client, f"/search?q={query}")[0] in (200, 404)


@pytest.mark.parametrize(
    "path", ["/nothing", "/treatment/T0", "/about/person/NOBODY", "/treatments/none", "/fact/" + "0" * 64]
)
def test_what_is_not_there_is_said_in_the_reader_s_language(client: Client, path: str) -> None:
    status, page = get(client, path)
    assert (status, "此处没有内容" in page) == (404, True)
    status, page = get(client, path, "en")
    assert (status, "Nothing here" in page) == (404, True)


def test_a_well_formed_identifier_that_is_not_there_says_what_to_do_with_the_item(client: Client) -> None:
    status, page = get(client, f"/treatment/{mint('treatment', bytes(5))}", "en")
    assert (status, "put the item aside and call QA" in page) == (404, True)


def test_health_says_that_the_database_answers(client: Client) -> None:
    response = client.get("/health")
    assert (response.status_code, response.json()) == (200, {"database": "ok"})


def test_the_planned_part_disappears_once_a_treatment_stopped(house: House, client: Client) -> None:
    telling = Telling(house.story, house.story.mint("treatment"))
    telling.until("slot_reserved")
    page = get(client, f"/treatment/{telling.coi}")[1]
    assert page.count('class="point planned"') == 8
    fields = {
        "treatment": telling.coi,
        "reason": "capacity",
        "note": "",
        "declined": house.story.sign("SCHE-1", "decided"),
    }
    known = TreatmentDeclined.__dataclass_fields__
    declined = msgspec.convert({name: value for name, value in fields.items() if name in known}, TreatmentDeclined)
    house.story.write(declined, by="SCHE-1")
    assert 'class="point planned"' not in get(client, f"/treatment/{telling.coi}")[1]


class TestWords:
    @pytest.mark.parametrize("door", messages.DOORS, ids=lambda door: door.name)
    def test_the_compiled_catalogue_is_the_written_one(self, door: Path) -> None:
        written = messages.catalogue(messages.po(door).read_text(encoding="utf-8"))
        compiled = messages.po(door).with_suffix(".mo")
        assert compiled.read_bytes() == messages.compiled(written)
        with compiled.open("rb") as file:
            read = gettext.GNUTranslations(file)
        assert all(read.gettext(message) == said for message, said in written.items() if message)

    @pytest.mark.parametrize("door", messages.DOORS, ids=lambda door: door.name)
    def test_nothing_is_untranslated_and_nothing_is_left_over(self, door: Path) -> None:
        written = messages.catalogue(messages.po(door).read_text(encoding="utf-8"))
        assert set(messages.to_translate(door)) == set(written) - {""}
        assert all(CHINESE.search(said) for message, said in written.items() if message.strip(" :,"))
        placeholders = re.compile(r"%\(\w+\)s")
        assert all(
            set(placeholders.findall(message)) == set(placeholders.findall(written[message])) for message in written
        )

    def test_every_field_and_every_fixed_value_of_a_fact_has_words(self) -> None:
        def literals(hint: Any) -> set[str]:
            inner = typing.get_args(hint)
            if typing.get_origin(hint) is typing.Literal:
                return {each for each in inner if isinstance(each, str) and each}
            return set().union(*(literals(each) for each in inner))

        for fact in KINDS.values():
            hints = typing.get_type_hints(fact)
            for field in dataclasses.fields(fact):
                assert field.name in FIELDS, (fact.kind, field.name)
                assert literals(hints[field.name]) <= {*VALUES, *ROLES, *SITE_KINDS}, (fact.kind, field.name)
