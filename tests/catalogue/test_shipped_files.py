"""The files that come with Yimai: sound, true to their sources, and able to run together."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from tests.catalogue.worked_example import BASE, RECIPE, broken, written

from yimai.domain.base import Base, base_from
from yimai.domain.content import ContentProblem
from yimai.domain.content import Path as Place
from yimai.domain.programme import Programme, ProgrammeSite, programme_from
from yimai.domain.recipe import Recipe
from yimai.domain.recipe_content import recipe_from
from yimai.domain.target import COMPARE
from yimai.interfaces.files import check_command
from yimai.interfaces.files.reading import (
    CATALOGUE,
    RecipeFile,
    check_together,
    read_base,
    read_programme,
    read_recipe,
)
from yimai.interfaces.files.shape import FileKind, schema_of
from yimai.ledger.canonical import decode, encode
from yimai.ledger.entry import Json

CART = CATALOGUE / "recipes" / "cd19-cart.yaml"
LINGANG = CATALOGUE / "bases" / "lingang.yaml"
SHANGHAI = CATALOGUE / "programmes" / "shanghai.yaml"


@pytest.fixture(scope="module")
def cart() -> Recipe:
    return read_recipe(CART).recipe


@pytest.fixture(scope="module")
def lingang() -> Base:
    return read_base(LINGANG).base


@pytest.fixture(scope="module")
def shanghai() -> Programme:
    return read_programme(SHANGHAI).programme


def leaves(value: Json, path: Place = ()) -> Iterator[tuple[Place, Json]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from leaves(item, (*path, position))
    else:
        yield path, value


# --- canonical content


def test_the_ledger_keeps_the_content_and_gives_back_the_same_recipe_base_and_programme() -> None:
    recipe, base, programme = read_recipe(CART), read_base(LINGANG), read_programme(SHANGHAI)
    kept = decode(encode(dict(recipe.content)))
    assert isinstance(kept, dict)
    assert recipe_from(kept) == recipe.recipe
    kept = decode(encode(dict(base.content)))
    assert isinstance(kept, dict)
    assert base_from(kept) == base.base
    kept = decode(encode(dict(programme.content)))
    assert isinstance(kept, dict)
    assert programme_from(kept) == programme.programme


def test_no_number_of_a_content_is_a_float_and_no_key_leaves_ascii() -> None:
    for content in (read_recipe(CART).content, read_base(LINGANG).content, read_programme(SHANGHAI).content):
        for path, value in leaves(dict(content)):
            assert not isinstance(value, float), path
            assert all(isinstance(key, int) or key.isascii() for key in path)


def test_quoting_a_decimal_or_laying_the_file_out_anew_changes_nothing_of_its_content(tmp_path: Path) -> None:
    anew = broken("# a comment\n" + RECIPE, "probability: 0.02", 'probability: "0.02"')
    anew = broken(
        anew, "{ material: medium, quantity: 250, unit: mL }", '{ unit: mL, quantity: "250", material: medium }'
    )
    first, second = read_recipe(written(tmp_path, RECIPE)), read_recipe(written(tmp_path, anew))
    assert encode(dict(first.content)) == encode(dict(second.content))


def spoilt(content: Mapping[str, Json], path: Place) -> Mapping[str, Json]:
    """A copy in which the one leaf at the path has another value."""
    copy = json.loads(json.dumps(content))
    part = copy
    for key in path[:-1]:
        part = part[key]
    value = part[path[-1]]
    part[path[-1]] = (not value) if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}~"
    assert isinstance(copy, dict)
    return copy


def test_whatever_leaf_of_a_content_is_spoilt_the_recipe_differs_or_is_refused_by_its_place() -> None:
    """What the approval signs is not lost on the way: all but units, which the check has compared, and some titles."""
    file = read_recipe(CART)
    lost: list[Place] = []
    elsewhere: list[tuple[Place, Place]] = []
    for path, _ in leaves(dict(file.content)):
        try:
            if recipe_from(spoilt(file.content, path)) == file.recipe:
                lost.append(path)
        except ContentProblem as problem:
            if problem.path != path:
                elsewhere.append((path, problem.path))
    assert [path for path in lost if path[-1] != "unit" and path[0] != "markers"] == []
    assert elsewhere == []


def test_content_that_lacks_something_is_refused_by_its_place(cart: Recipe) -> None:
    content = json.loads(json.dumps(read_recipe(CART).content))
    del content["operations"][1]["steps"][0]["duration"]["median"]
    with pytest.raises(
        ContentProblem, match=re.escape("operations[1].steps[0].duration: median is missing")
    ) as refused:
        recipe_from(content)
    assert refused.value.path == ("operations", 1, "steps", 0, "duration")


# --- the recipe


def test_lingang_can_run_the_recipe() -> None:
    check_together(read_recipe(CART), read_base(LINGANG))


def test_the_recipe_holds_the_published_release_specification(cart: Recipe) -> None:
    passes = {
        "viability": ("80", "79.9"),
        "cd3": ("80", "79.9"),
        "car": ("10", "9.9"),
        "vcn": ("4.99", "5"),
        "endotoxin": ("4.99", "5"),
        "beads": ("99", "100"),
        "ifn_gamma": ("50.1", "50"),
        "killing": ("50.1", "50"),
    }
    for name, (good, bad) in passes.items():
        test = cart.test(name)
        assert test is not None
        assert test.limits.admit(Decimal(good)), name
        assert not test.limits.admit(Decimal(bad)), name
    for name in ("rapid_sterility", "sterility", "mycoplasma", "rcl"):
        test = cart.test(name)
        assert test is not None
        assert test.accepted == ("negative",)
    least = {test.id: test.least.time.days for test in cart.tests if test.least is not None}
    assert least == {"in_process_microbiology": 7, "rapid_sterility": 7, "sterility": 14}
    late = {test.id for test in cart.tests if test.stage == "final"}
    assert late == {"sterility", "mycoplasma", "vcn"}


def test_the_identity_test_is_a_gate_of_conditional_release_and_answers_match_or_not(cart: Recipe) -> None:
    (identity,) = [test for test in cart.tests if test.identity]
    assert (identity.stage, identity.choices, identity.accepted) == ("conditional", ("match", "no_match"), ("match",))


def test_the_recipe_has_the_published_clocks_and_chances(cart: Recipe) -> None:
    assert cart.starting_material.fresh_maximum == timedelta(hours=72)
    assert cart.starting_material.minimum_cd3 == Decimal("0.6")
    freeze = cart.step("freeze")
    assert freeze is not None
    assert [(hold.after, hold.maximum) for hold in freeze.holds] == [("harvest_cells", timedelta(hours=2))]
    assert cart.product.lymphodepletion_minimum == timedelta(days=5)
    assert cart.product.lymphodepletion_maximum == timedelta(days=17)
    assert cart.product.dewar_hold == timedelta(days=5)
    assert cart.retention == timedelta(days=30 * 365.25)
    lost = [failure for step in cart.steps for failure in step.failures]
    assert {failure.cause: failure.probability for failure in lost} == {
        "growth": Decimal("0.009"),
        "viability": Decimal("0.009"),
        "purity": Decimal("0.004"),
        "unstated": Decimal("0.020"),
        "bag_fracture": Decimal("0.003"),
    }
    assert sum(failure.probability for failure in lost if failure.cause != "bag_fracture") == Decimal("0.042")
    assert set(cart.markers) == {"hiv", "hbv", "hcv", "syphilis", "htlv"}


def test_expansion_ends_by_count_and_the_culture_takes_the_published_days(cart: Recipe) -> None:
    final = cart.step("final_culture")
    assert final is not None
    assert final.until is not None
    culture = sum((step.duration.median for step in cart.steps if step.operation == "expansion"), timedelta())
    assert timedelta(days=7) <= culture
    assert culture + (final.until.most - 1) * final.duration.median <= timedelta(days=13)


def test_every_number_of_the_recipe_says_where_it_comes_from_and_placeholders_are_marked() -> None:
    numbers = re.compile(r"-?\d+(\.\d+)?( [a-z]+)?")

    def sourced(content: Json, path: tuple[str | int, ...]) -> bool:
        around: Json = content
        found = False
        for key in path[:-1]:
            around = around[key] if isinstance(around, (dict, list)) else None  # type: ignore[index]  # a place in a list
            found = found or (isinstance(around, dict) and "source" in around)
        return found

    content = dict(read_recipe(CART).content)
    for path, value in leaves(content):
        names = [key for key in path if isinstance(key, str)]
        number = isinstance(value, (int, str)) and not isinstance(value, bool) and numbers.fullmatch(str(value))
        if not number or names[-1] in ("quantity", "version") or "operators" in names or "choices" in names:
            continue
        assert sourced(content, path), path
    for path, value in leaves(content):
        if path[-1] == "source" and "our placeholder" in str(value):
            around: Json = content
            for key in path[:-1]:
                around = around[key] if isinstance(around, (dict, list)) else None  # type: ignore[index]  # a place in a list
            assert isinstance(around, dict)
            assert around.get("assumed") is True, path


def test_what_the_simulator_draws_typically_passes_and_high_percentages_stay_below_a_hundred(cart: Recipe) -> None:
    """To two and a half standard deviations of the lognormal distribution."""
    entries = [(entry.id, entry.unit, entry.limits, entry.typical) for step in cart.steps for entry in step.entries]
    tests = [(test.id, test.unit, test.limits, test.typical) for test in cart.tests]
    drawn = [(name, unit, limits, typical) for name, unit, limits, typical in entries + tests if typical is not None]
    assert len(drawn) > 20
    for name, unit, limits, typical in drawn:
        assert limits.admit(typical.median), name
        if unit == "%" and typical.median > 80:
            sigma = math.sqrt(math.log1p(float(typical.cv) ** 2))
            assert float(typical.median) * math.exp(2.5 * sigma) <= 100, name


def test_no_step_or_test_of_the_recipe_records_genetic_data(cart: Recipe) -> None:
    (identity,) = [test for test in cart.tests if test.identity]
    assert identity.type == "choice"
    assert not any(entry.type == "text" and entry.id != "position" for step in cart.steps for entry in step.entries)


# --- the base


def test_every_material_of_the_recipe_is_in_stock_for_a_hundred_batches(cart: Recipe, lingang: Base) -> None:
    stock: dict[str, Decimal] = {}
    for lot in lingang.material_lots:
        if lot.released and lot.expires >= date(2028, 1, 1):
            stock[lot.material] = stock.get(lot.material, Decimal(0)) + lot.quantity
    for step in cart.steps:
        for use in step.materials:
            repeats = step.until.most if step.until else 1
            stock[use.material] = stock[use.material] - use.quantity * repeats * 100
    assert all(left >= 0 for left in stock.values()), stock


def test_lingang_is_the_base_that_opened_in_2023_and_the_rest_of_its_file_is_assumed(lingang: Base) -> None:
    assert (lingang.opened, lingang.floor_area) == (date(2023, 4, 21), 77_000)
    assert len(lingang.suites) == 12
    parts = {field.name for field in fields(Base)} - {
        "id",
        "version",
        "title",
        "timezone",
        "opened",
        "floor_area",
        "source",
        "assumed",
    }
    assert set(lingang.assumed) == parts


def test_the_base_closes_on_public_holidays(lingang: Base) -> None:
    assert lingang.closed(date(2026, 10, 1))
    assert lingang.closed(date(2026, 10, 7))
    assert not lingang.closed(date(2026, 10, 8))


def test_the_stock_has_a_lot_that_is_expired_and_one_that_is_not_released(lingang: Base) -> None:
    assert any(lot.expires < date(2026, 1, 1) for lot in lingang.material_lots)
    assert any(not lot.released for lot in lingang.material_lots)


def test_everybody_works_at_a_site_of_the_register(lingang: Base, shanghai: Programme) -> None:
    assert {person.site for person in lingang.people} <= {site.id for site in shanghai.sites}
    assert shanghai.site(lingang.id) is not None


# --- the programme


def test_the_clause_on_clusters_is_kept_in_both_wordings_and_both_readings(shanghai: Programme) -> None:
    (goal,) = [goal for goal in shanghai.goals if goal.id == "cell_clusters"]
    assert {clause.text for clause in goal.clauses} == {"5个以上", "more than five"}
    assert {each.comparator: COMPARE[each.comparator](5, (each.value,)) for each in goal.targets} == {
        "ge": True,
        "gt": False,
    }
    assert all(COMPARE[each.comparator](6, (each.value,)) for each in goal.targets)


def test_the_plans_goals_are_those_of_the_sources(shanghai: Programme) -> None:
    goals = {
        goal.id: ([target.value for target in goal.targets], goal.unit, goal.deadline.year) for goal in shanghai.goals
    }
    assert goals == {
        "cell_industry_scale": ([10_000_000_000], "yuan", 2024),
        "cell_clusters": ([5, 5], "cluster", 2024),
        "cell_bases": ([20], "facility", 2024),
        "cell_applications": ([3], "application", 2024),
        "cell_firms": ([50], "firm", 2024),
        "cell_top_talents": ([50], "person", 2024),
        "cell_other_talents": ([100], "person", 2024),
        "gene_centres": ([5], "centre_or_ward", 2025),
        "gene_firms": ([15], "firm", 2025),
        "gene_filings": ([1, 2], "application", 2025),
        "gene_bases": ([20], "facility", 2025),
        "pudong_products": ([4, 5], "product", 2025),
    }
    parents = {plan.id: plan.parent for plan in shanghai.plans}
    assert parents == {"five_year_14": "", "cell_therapy": "five_year_14", "gene_therapy": "five_year_14", "pudong": ""}


def test_no_file_can_state_what_a_goal_has_achieved(tmp_path: Path) -> None:
    text = SHANGHAI.read_text("utf-8").replace("    unit: cluster\n", "    unit: cluster\n    achieved: 0\n")
    out = StringIO()
    assert check_command.check_programme(written(tmp_path, text), Console(file=out)) == 1
    assert "unknown key achieved" in out.getvalue()


def test_the_register_holds_the_parks_with_their_areas_and_marks_what_is_invented(shanghai: Programme) -> None:
    def seen(site: ProgrammeSite) -> tuple[str, int | None]:
        return site.kind, site.floor_area

    real = {site.id: seen(site) for site in shanghai.sites if not site.demonstration}
    assert real == {
        "lingang": ("base", 77_000),
        "cgt-park": ("park", None),
        "zhangjiang-cell-park": ("park", 400_000),
        "zhangjiang-gene-island": ("park", 160_000),
        "shanghai-pharma-park": ("park", 300_000),
        "pujiang-gene-valley": ("park", None),
    }
    invented = [site for site in shanghai.sites if site.demonstration]
    assert [site.kind for site in invented] == ["hospital", "hospital", "hospital", "courier"]
    assert all("示范" in site.title.zh and "Demonstration" in site.title.en for site in invented)


def test_prices_are_whole_yuan_and_what_is_only_remembered_asks_to_be_verified(shanghai: Programme) -> None:
    prices = {product.id: (product.price.value, product.price.verify) for product in shanghai.products}
    assert prices == {
        "axi_cel": (1_200_000, False),
        "relma_cel": (1_290_000, False),
        "inati_cel": (999_000, False),
        "eque_cel": (1_166_000, True),
        "zevor_cel": (1_150_000, True),
    }


# --- schemas, the document and the command


@pytest.mark.parametrize("kind", ["recipe", "base", "programme"])
def test_each_schema_is_valid_and_explains_every_key_and_allows_no_other(kind: FileKind) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)

    def objects(part: object) -> Iterator[dict[str, object]]:
        if isinstance(part, dict):
            if part.get("type") == "object":
                yield part
            for item in part.values():
                yield from objects(item)
        elif isinstance(part, list):
            for item in part:
                yield from objects(item)

    for part in objects(dict(schema)):
        assert "description" in part
        assert part.get("additionalProperties") is not None
        properties = part.get("properties", {})
        assert isinstance(properties, dict)
        assert all("description" in item or "$ref" in item for item in properties.values())


@pytest.mark.parametrize("file", [CART, LINGANG, SHANGHAI], ids=["recipe", "base", "programme"])
def test_each_file_names_its_schema_to_editors_by_a_relative_path_that_exists(file: Path) -> None:
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", file.read_text("utf-8").split("\n")[0])
    assert found is not None
    assert (file.parent / found[1]).resolve().is_file()


def test_the_documents_small_recipe_runs_at_the_documents_small_base(tmp_path: Path) -> None:
    recipe: RecipeFile = read_recipe(written(tmp_path, RECIPE))
    check_together(recipe, read_base(written(tmp_path, BASE, "base.yaml")))
    assert [step.id for step in recipe.recipe.steps] == ["receive", "seed", "grow", "fill"]


def test_the_command_says_what_a_sound_file_holds_and_how_much_of_it_is_assumed() -> None:
    out = StringIO()
    assert check_command.check_recipe(CART, LINGANG, Console(file=out, width=200)) == 0
    assert re.search(
        r"ok recipe cd19-cart version 1: 6 operations, 17 steps, .*; \d+ numbers are assumed", out.getvalue()
    )


def test_the_command_prints_place_reason_and_remedy_and_ends_with_1(tmp_path: Path) -> None:
    file = written(tmp_path, broken(RECIPE, "probability: 0.02", "probability: 2"))
    out = StringIO()
    assert check_command.check_recipe(file, None, Console(file=out, width=200)) == 1
    line = RECIPE[: RECIPE.index("probability: 0.02")].count("\n") + 1
    assert (
        f"file.yaml:{line}:26: a probability lies between 0 and 1: 2 does not; write 0.9 % as 0.009" in out.getvalue()
    )
    assert "概率须在 0 与 1 之间" in out.getvalue()
    assert "1 mistake; nothing was loaded" in out.getvalue()
