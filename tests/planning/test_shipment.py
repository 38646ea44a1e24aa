"""The published network case: the grouped columns against one binary for each patient, plant, day and mode."""

from __future__ import annotations

import numpy as np
import pytest

from yimai.planning.shipment import Network, shipped
from yimai.wiring.bench_city import PATIENTS, network


def small(seed: int, crowd: int) -> Network:
    chance = np.random.default_rng(seed)
    came = np.zeros((2, 6), dtype=np.int32)
    np.add.at(came, (chance.integers(0, 2, crowd), chance.integers(0, 6, crowd)), 1)
    legs = chance.integers(100, 3_000, (2, 2, 3, 2)).astype(float)
    return Network(
        came, np.array([2, 3, 5], dtype=np.int32), chance.integers(3_000, 20_000, 3).astype(float), legs[0], legs[1]
    )


def patient_by_patient(case: Network) -> float:
    """The cheapest answer with a binary for each patient, plant, beginning and pair of modes; infinite if there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    plants = len(case.lines)
    columns: list[tuple[int, int, int, float]] = []  # patient, plant, day on which manufacture begins, cost
    patient = 0
    for site, day in np.argwhere(case.patients):
        for _ in range(case.patients[site, day]):
            for plant in range(plants):
                for there, first in enumerate(case.days):
                    for home, last in enumerate(case.days):
                        for wait in range(4):
                            whole = case.collection + first + wait + case.making + case.tests + last
                            if whole <= case.turnaround:
                                cost = case.each + case.out[site, plant, there] + case.back[site, plant, home]
                                columns.append((patient, plant, day + case.collection + first + wait, cost))
            patient += 1
    size = len(columns) + plants
    rows, low, high = [], [], []
    for number in range(patient):
        rows.append([float(c[0] == number) for c in columns] + [0.0] * plants)
        low.append(1.0)
        high.append(1.0)
    for plant in range(plants):
        for day in range(max(c[2] for c in columns) + case.making):
            held = [float(c[1] == plant and c[2] <= day < c[2] + case.making) for c in columns]
            rows.append(held + [-float(case.lines[plant]) * (other == plant) for other in range(plants)])
            low.append(-np.inf)
            high.append(0.0)
    rows.append([0.0] * len(columns) + [1.0] * plants)
    low.append(0.0)
    high.append(float(case.plants))
    cost = np.array([c[3] for c in columns] + list(case.opening))
    found = milp(
        cost, constraints=LinearConstraint(np.array(rows), low, high), integrality=np.ones(size), bounds=Bounds(0, 1)
    )
    return float(found.fun) if found.status == 0 else np.inf


@pytest.mark.parametrize(("seed", "crowd"), [(1, 4), (2, 7), (3, 9), (4, 12), (5, 30)])
def test_grouped_patients_cost_what_each_by_himself_would(seed: int, crowd: int) -> None:
    case = small(seed, crowd)
    found, least = shipped(case), patient_by_patient(case)
    if found is None:
        assert least == np.inf
        return
    assert found.cost == pytest.approx(least, rel=1e-9)
    assert found.begun.sum() == crowd


def test_every_published_size_has_an_answer_that_keeps_the_lines() -> None:
    for patients in PATIENTS:
        case = network(patients)
        found = shipped(case)
        assert found is not None
        assert 1 <= len(found.plants) <= 2
        assert found.begun.sum() == patients
        days = np.nonzero(case.patients)[1]
        for place, plant in enumerate(found.plants):
            held = np.zeros(160)
            for group, day in enumerate(days):
                for offset, begun in enumerate(found.begun[group, place]):
                    first = day + case.collection + 1 + offset
                    held[first : first + case.making] += begun
            assert held.max() <= case.lines[plant]
