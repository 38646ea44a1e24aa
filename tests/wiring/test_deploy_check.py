"""An installation is reached over a network only when nothing speaks against it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from yimai.wiring import serve
from yimai.wiring.demo_accounts import DEMO_PASSWORD
from yimai.wiring.deploy_check import ROLES, Installation, shortcomings
from yimai.wiring.problems import CommandProblem

SECRET = "q7Zk2Vb9Xw4Lr8Tn3Pc6Yd1Fh5Gj0MsQeUaIoRtBvNxCyWzKl8d4m"


@pytest.fixture
def fit(tmp_path: Path) -> Installation:
    """One against which nothing speaks."""
    folder, key = tmp_path / "data", tmp_path / "keys" / "wrapping.key"
    folder.mkdir()
    key.parent.mkdir()
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    environment = {
        "YIMAI_ADDRESS": "https://yimai.example.org",
        "YIMAI_TLS_PROXY": "yes",
        "YIMAI_SECRET_KEY": SECRET,
        "YIMAI_WRAPPING_KEY_FILE": str(key),
        "DATABASE_URL": "postgresql://yimai_owner@db/yimai",
        **{f"YIMAI_{name}_DATABASE_URL": f"postgresql://yimai_{name.lower()}@db/yimai" for name in ROLES},
    }
    return Installation(environment, folder, simulated=False)


@pytest.fixture(autouse=True)
def named_key(fit: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIMAI_WRAPPING_KEY_FILE", fit.environment["YIMAI_WRAPPING_KEY_FILE"])


def test_a_fit_installation_has_no_shortcomings(fit: Installation) -> None:
    assert shortcomings(fit) == ()


def test_tls_of_its_own_needs_no_proxy(fit: Installation) -> None:
    bare = {name: value for name, value in fit.environment.items() if name != "YIMAI_TLS_PROXY"}
    assert shortcomings(replace(fit, environment=bare, certificate=True)) == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"YIMAI_ADDRESS": "http://yimai.example.org"}, "without TLS"),
        ({"YIMAI_ADDRESS": ""}, "without TLS"),
        ({"YIMAI_TLS_PROXY": ""}, "nothing says who ends TLS"),
        ({"YIMAI_SECRET_KEY": ""}, "YIMAI_SECRET_KEY"),
        ({"YIMAI_SECRET_KEY": "secret"}, "YIMAI_SECRET_KEY"),
        ({"YIMAI_SECRET_KEY": "a" * 80}, "YIMAI_SECRET_KEY"),
        ({"YIMAI_WRAPPING_KEY_FILE": ""}, "wrapping key"),
        ({"YIMAI_DEMO_PASSWORD": DEMO_PASSWORD}, "demonstration"),
        ({"DATABASE_URL": ""}, "embedded database"),
        ({"YIMAI_SCREEN_DATABASE_URL": ""}, "as its owner"),
    ],
)
def test_each_shortcoming_is_named(fit: Installation, changed: dict[str, str], what: str) -> None:
    (found,) = shortcomings(replace(fit, environment={**fit.environment, **changed}))
    assert what in found.what
    assert found.mend


def test_a_simulated_ledger_is_no_installation(fit: Installation) -> None:
    (found,) = shortcomings(replace(fit, simulated=True))
    assert "simulated" in found.what


def test_a_key_that_others_read_is_named(fit: Installation) -> None:
    Path(fit.environment["YIMAI_WRAPPING_KEY_FILE"]).chmod(0o644)
    (found,) = shortcomings(fit)
    assert "others on this machine" in found.what


def test_serve_refuses_a_network_where_something_speaks_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Installation({}, tmp_path, simulated=True)
    monkeypatch.setattr("yimai.wiring.deploy_check.installation_at", lambda *_, **__: found)
    with pytest.raises(CommandProblem, match="must not be reached over a network"):
        serve.serve_folder(tmp_path, 8080, "0.0.0.0")
    with pytest.raises(CommandProblem, match="is no IP address"):
        serve.serve_folder(tmp_path, 8080, "everywhere")
