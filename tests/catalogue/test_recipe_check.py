"""A recipe must make sense as a whole, and the base must be able to run it: each mistake is named on its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalogue.worked_example import BASE, RECIPE, broken, found, mark_of, written

from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.reading import check_together, read_base, read_recipe

# what is wrong: replaced text, by what, where the mistake is reported, what is said
NONSENSE = {
    "a cycle": (
        "after: [receive]",
        "after: [receive, fill]",
        "after: ^[receive, fill]",
        "a cycle: seed → grow → fill → seed",
    ),
    "a step after itself": ("after: [seed]", "after: [grow]", "after: ^[grow]\n        until", "a cycle: grow → grow"),
    "a step out of reach": (
        "        after: [grow]\n",
        "",
        "- id: ^fill\n",
        "step fill cannot be reached from the first step",
    ),
    "a step after an unknown one": ("after: [seed]", "after: [sow]", "after: [^sow]", "step sow does not exist"),
    "a hold after an unknown step": (
        "{ after: grow, maximum: 2 h",
        "{ after: growth, maximum: 2 h",
        "{ after: ^growth",
        "step growth, which does not exist",
    ),
    "a hold shorter than the steps between": (
        "{ after: grow, maximum: 2 h",
        "{ after: seed, maximum: 2 h",
        "maximum: ^2 h",
        "at most 2 h after seed, but the steps between take 24 h",
    ),
    "a hold against the order": (
        "{ after: collection, maximum: 48 h",
        "{ after: fill, maximum: 48 h",
        "{ after: ^fill, maximum",
        "step seed does not come after fill",
    ),
    "a hold from collection that is too short": (
        "{ after: collection, maximum: 48 h",
        "{ after: collection, maximum: 20 min",
        "maximum: ^20 min",
        "but the steps between take 0.5 h",
    ),
    "a limit with its ends exchanged": (
        "low: 80, high: 100",
        "low: 100, high: 80",
        "high: ^80",
        "no result can meet this limit: from 100 to 80",
    ),
    "a limit that excludes its only value": (
        "low: 80, high: 100",
        "low: 80, below: 80",
        "below: ^80",
        "no result can meet this limit",
    ),
    "a test without a limit": ("{ low: 80, high: 100 }", "{}", "limits: ^{}", "every result would pass"),
    "an accepted result that is no choice": (
        "accepted: [established]",
        "accepted: [done]",
        "accepted: [^done]",
        "done is accepted but is none of the choices",
    ),
    "a test with no sample": (
        "tests: [viability, sterility, identity]",
        "tests: [sterility, identity]",
        "- id: ^viability",
        "test viability has no sample",
    ),
    "a sample with no test": ("tests: [reference] }", "tests: [] }", "tests: ^[] }", "sample reference serves no test"),
    "a sample that no step takes": (
        "        samples: [release]\n",
        "",
        "{ id: ^release,",
        "no step takes sample release",
    ),
    "a sample that is not planned": (
        "samples: [reference]",
        "samples: [reference, spare]",
        "samples: [reference, ^spare]",
        "sample spare is not in the sampling plan",
    ),
    "a sample for an unknown test": (
        "tests: [viability, sterility, identity]",
        "tests: [viability, sterility, identity, purity]",
        "identity, ^purity]",
        "test purity does not exist",
    ),
    "no identity test": (
        "    identity: true\n",
        "",
        "tests:\n  ^- id: reference\n",
        "no test is the biological identity test",
    ),
    "an identity test that may come late": (
        "stage: conditional\n    identity: true",
        "stage: final\n    identity: true",
        "stage: ^final\n    identity: true",
        "its stage is conditional, not final",
    ),
    "an identity test that lets a mismatch pass": (
        "accepted: [match]",
        "accepted: [match, no_match]",
        "choices: ^[match, no_match]\n    accepted: [match, no_match]",
        "accepts match",
    ),
    "a probability above 1": (
        "probability: 0.02",
        "probability: 2",
        "probability: ^2",
        "lies between 0 and 1: 2 does not",
    ),
    "a negative probability": (
        "probability: 0.02",
        "probability: -0.02",
        "probability: ^-0.02",
        "lies between 0 and 1",
    ),
    "a label layout that is not defined": (
        "produces: final_bag",
        "produces: cassette",
        "produces: ^cassette",
        "label layout cassette is not defined",
    ),
    "a label layout for something else": (
        "produces: final_bag",
        "produces: sample",
        "produces: ^sample",
        "not defined for a container or final_bag",
    ),
    "a label layout that every treatment needs": (
        "  - { id: shipper, title: { zh: 运输箱, en: Shipper }, carrier: shipper }\n",
        "",
        "labels:\n  ^- { id: wristband",
        "no label layout is for a shipper",
    ),
    "no final bag": (
        "        produces: final_bag\n",
        "",
        "operations:\n  ^- id: culture",
        "no step fills a final bag",
    ),
    "an operation named twice": (
        "- id: finish\n",
        "- id: culture\n",
        "- id: ^culture\n    title: { zh: 收获",
        "culture is already",
    ),
    "an entry named twice": (
        "type: check, critical: true }\n",
        "type: check }\n          - { id: bag_intact, title: { zh: 袋, en: Bag }, type: check }\n",
        "{ id: ^bag_intact, title: { zh: 袋, en: Bag }",
        "bag_intact is already used above",
    ),
    "a sample named twice": (
        "{ id: release, title",
        "{ id: reference, title",
        "{ id: ^reference, title: { zh: 放行",
        "reference is already",
    ),
    "a label named twice": (
        "{ id: shipper, title",
        "{ id: sample, title",
        "{ id: ^sample, title: { zh: 运输箱",
        "sample is already",
    ),
    "a sample without a label layout": (
        "en: Release }, label: sample",
        "en: Release }, label: vial",
        "label: ^vial",
        "label layout vial is not defined for a sample",
    ),
    "an entry's limit with its ends exchanged": (
        "limits: { low: 50 }",
        "limits: { low: 900, high: 500 }",
        "high: ^500",
        "no result can meet this limit: from 900 to 500",
    ),
    "a collection's limit with its ends exchanged": (
        "volume: { low: 50, high: 300",
        "volume: { low: 500, high: 300",
        "high: ^300",
        "no result can meet this limit: from 500 to 300",
    ),
    "a collection that fails more often than always": (
        "  temperature: { low: 2",
        "  failures: [{ cause: low, title: { zh: 低, en: Low }, probability: 3, source: ours }]\n  temperature: { low: 2",
        "probability: ^3",
        "lies between 0 and 1: 3 does not",
    ),
    "an until that the step does not record": (
        "until: { entry: cells",
        "until: { entry: weight",
        "until: { entry: ^weight",
        "no quantity that step grow records",
    ),
    "an until beyond the entry's own limit": (
        "limits: { low: 50 }",
        "limits: { low: 50, high: 300 }",
        "at_least: ^400",
        "above the entry's limit 300",
    ),
    "an until in another unit": (
        "at_least: 400, unit: 10*6",
        "at_least: 400, unit: 10*9",
        "at_least: 400, unit: ^10*9",
        "unit mismatch: the entry is recorded in 10*6",
    ),
    "a material in another unit": (
        "quantity: 250, unit: mL",
        "quantity: 250, unit: g",
        "quantity: 250, unit: ^g ",
        "unit mismatch: g here, but the material is kept in mL",
    ),
    "a unit that is none": ('unit: "%"', "unit: percent", "unit: ^percent", "'percent' is not a UCUM unit"),
    "a material that is not declared": (
        "{ material: medium,",
        "{ material: serum,",
        "{ material: ^serum",
        "serum is not declared: add it under materials",
    ),
    "an equipment class that is not declared": (
        "[incubator, cell_counter]",
        "[incubator, centrifuge]",
        "[incubator, ^centrifuge]",
        "centrifuge is not declared",
    ),
    "a qualification that is not declared": (
        "operators: { cell_culture: 1 }",
        "operators: { cell_magic: 1 }",
        "operators: { cell_magic: ^1 }",
        "cell_magic is not declared",
    ),
    "a step named twice": (
        "- id: fill\n",
        "- id: grow\n",
        "- id: ^grow\n        title: { zh: 灌装",
        "step grow is already defined",
    ),
    "a test named twice": (
        "- id: viability\n",
        "- id: identity\n",
        "- id: ^identity\n    title: { zh: 身份一致性",
        "identity is already used above",
    ),
    "an alert after the maximum": (
        "fresh_alert: { time: 24 h",
        "fresh_alert: { time: 72 h",
        "time: ^72 h",
        "the alert comes after",
    ),
    "a test that is planned to end before it counts": (
        "duration: { median: 14 d, source: laboratory }\n    least: { time: 14 d",
        "duration: { median: 12 d, source: laboratory }\n    least: { time: 14 d",
        "least: { time: ^14 d",
        "planned to end before a conforming result counts",
    ),
    "a lymphodepletion window that never opens": (
        "minimum: 2 d, maximum: 14 d",
        "minimum: 20 d, maximum: 14 d",
        "minimum: ^20 d",
        "no infusion could meet it",
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_recipe_with_nonsense_is_refused_on_its_line(tmp_path: Path, name: str) -> None:
    old, new, place, says = NONSENSE[name]
    text = broken(RECIPE, old, new)
    with pytest.raises(FileRefused) as refused:
        read_recipe(written(tmp_path, text))
    said = [(mark, sentence) for mark, sentence in found(refused.value) if says in sentence]
    assert [mark for mark, _ in said] == [mark_of(text, place)], refused.value


def test_a_cause_of_failure_is_named_once_in_a_step(tmp_path: Path) -> None:
    again = "- { cause: growth, title: { zh: 又, en: Again }, probability: 0.01, source: ours }"
    text = broken(RECIPE, "        failures:\n", f"        failures:\n          {again}\n")
    with pytest.raises(FileRefused) as refused:
        read_recipe(written(tmp_path, text))
    assert [sentence for _, sentence in found(refused.value)] == ["cause growth occurs twice: join them"] * 2


def test_the_failures_of_a_step_cannot_add_up_to_more_than_certainty(tmp_path: Path) -> None:
    second = "- { cause: other, title: { zh: 其他, en: Other }, probability: 0.99, source: ours }"
    text = broken(RECIPE, "        failures:\n", f"        failures:\n          {second}\n")
    with pytest.raises(FileRefused, match=r"add up to 1\.01, more than 1"):
        read_recipe(written(tmp_path, text))


# replaced text of the recipe, by what; replaced text of the base, by what; where in the recipe, what is said
IMPOSSIBLE = {
    "a step nobody is qualified for": (
        (
            "cell_culture: { zh: 细胞培养, en: Cell culture }",
            "cell_culture: { zh: 细胞培养, en: Cell culture }\n  rare: { zh: 稀有, en: Rare }",
        ),
        ("operators: { cell_culture: 1 }", "operators: { rare: 1 }"),
        "rare: ^1 }",
        "step grow needs 1 people with rare; small-base has nobody",
    ),
    "more people than are qualified": (
        ("operators: { cell_culture: 1 }", "operators: { cell_culture: 3 }"),
        ("version", "version"),
        "cell_culture: ^3 }",
        "step grow needs 3 people with cell_culture; small-base has 2",
    ),
    "equipment that the base does not have": (
        ("cell_counter: { zh: 细胞计数仪, en: Cell counter }", "centrifuge: { zh: 离心机, en: Centrifuge }"),
        ("[incubator, cell_counter]", "[incubator, centrifuge]"),
        "[incubator, ^centrifuge]",
        "small-base has no equipment of class centrifuge",
    ),
    "a room that the base does not have": (
        ("room_class: C\n        equipment: [incubator]\n", "room_class: B\n        equipment: [incubator]\n"),
        ("version", "version"),
        "room_class: ^B",
        "small-base has no room of class B",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_recipe_that_the_base_cannot_run_is_refused_on_its_line(tmp_path: Path, name: str) -> None:
    first, second, place, says = IMPOSSIBLE[name]
    text = broken(broken(RECIPE, *first), *second)
    recipe, base = read_recipe(written(tmp_path, text)), read_base(written(tmp_path, BASE, "base.yaml"))
    with pytest.raises(FileRefused) as refused:
        check_together(recipe, base)
    assert [mark for mark, sentence in found(refused.value) if says in sentence] == [mark_of(text, place)]


def test_a_second_person_must_exist(tmp_path: Path) -> None:
    base = broken(BASE, "  - id: operator-3\n    roles: [operator]\n", "  - id: operator-3\n    roles: [qa]\n")
    recipe = read_recipe(written(tmp_path, RECIPE))
    with pytest.raises(
        FileRefused, match="step receive needs 3 people with its second person; small-base has 2 operators"
    ):
        check_together(recipe, read_base(written(tmp_path, base, "base.yaml")))


def test_staff_of_a_partner_site_do_not_count_as_the_bases_operators(tmp_path: Path) -> None:
    base = broken(BASE, "- id: operator-2\n", "- id: operator-2\n    site: some-hospital\n")
    recipe = read_recipe(written(tmp_path, RECIPE))
    with pytest.raises(FileRefused, match="needs 2 people with cell_culture; small-base has 1"):
        check_together(recipe, read_base(written(tmp_path, base, "base.yaml")))


def test_a_lot_in_a_unit_that_does_not_measure_its_material_is_refused_in_the_bases_file(tmp_path: Path) -> None:
    text = broken(BASE, "quantity: 5000, unit: mL", "quantity: 5000, unit: kg")
    recipe, base = read_recipe(written(tmp_path, RECIPE)), read_base(written(tmp_path, text, "base.yaml"))
    with pytest.raises(FileRefused) as refused:
        check_together(recipe, base)
    assert found(refused.value) == [
        (mark_of(text, "unit: ^kg"), "unit mismatch: kg here, but the recipe keeps the material in mL")
    ]
    litres = broken(BASE, "quantity: 5000, unit: mL", "quantity: 5, unit: L")
    check_together(recipe, read_base(written(tmp_path, litres, "base.yaml")))
