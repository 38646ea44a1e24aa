"""On a cluster: the same rows as on one machine. The lock of the tests has the optional package (extra ``cluster``)."""

from __future__ import annotations

from datetime import date

import pytest
from tests.planning import lingang

from yimai.planning.scenario import Scenario
from yimai.planning.simulation_model import model_of
from yimai.planning.simulation_workers import Sweep, collect, here, on_cluster


def test_two_workers_of_a_cluster_give_the_same_rows() -> None:
    distributed = pytest.importorskip("distributed")
    scenario = Scenario()
    simulation = model_of(lingang.recipe(), lingang.base(), scenario, date(2026, 3, 2), 1.0)
    sweep = Sweep(simulation, scenario, 7, tuple(range(9)))
    alone = collect(here(sweep), lambda _number, _row: False)
    settings = {"host": "127.0.0.1", "dashboard_address": None, "threads_per_worker": 1}
    with (
        distributed.LocalCluster(n_workers=2, **settings) as cluster,
        distributed.Client(cluster.scheduler_address) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        assert collect(on_cluster(sweep, client), lambda _number, _row: False) == alone
