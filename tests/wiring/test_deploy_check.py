"""An installation is reached over a network only when nothing speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.wiring.served import certificate_for

from yimai.wiring import serve
from yimai.wiring.command_line import main
from yimai.wiring.demo_accounts import DEMO_PASSWORD
from yimai.wiring.deploy_check import ROLES, Installation, shortcomings
from yimai.wiring.network import Certificate, Place
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
        "YIMAI_PROXIES": "1",
        "YIMAI_SECOND_FACTOR": "required",
        "YIMAI_LIVE_ADDRESS": "https://yimai.example.org/live",
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


@pytest.fixture
def alone(fit: Installation, tmp_path: Path) -> Installation:
    """The same without a proxy, with TLS of its own."""
    of_proxies = ("YIMAI_TLS_PROXY", "YIMAI_PROXIES", "YIMAI_LIVE_ADDRESS")
    bare = {name: value for name, value in fit.environment.items() if name not in of_proxies}
    certificate = Certificate(*certificate_for(tmp_path, "yimai.example.org"))
    return replace(fit, environment=bare, certificate=certificate)


def test_tls_of_its_own_needs_no_proxy(alone: Installation) -> None:
    assert shortcomings(alone) == ()


def test_a_certificate_may_be_for_a_whole_domain_or_an_address(alone: Installation, tmp_path: Path) -> None:
    certificate_for(tmp_path, "*.Example.org", "192.0.2.10")
    assert shortcomings(alone) == ()
    by_number = {**alone.environment, "YIMAI_ADDRESS": "https://192.0.2.10:8443"}
    assert shortcomings(replace(alone, environment=by_number)) == ()


@pytest.mark.parametrize(
    ("listen", "origin"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("192.0.2.10", "http://192.0.2.10:8080"),
        ("::", "http://[::]:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_what_is_printed_is_what_is_listened_at(listen: str, origin: str) -> None:
    assert Place(listen, 8080).origin == origin


def test_without_proxy_and_certificate_nobody_ends_tls(alone: Installation) -> None:
    (found,) = shortcomings(replace(alone, certificate=None))
    assert "nothing says who ends TLS" in found.what
    assert "--certificate" in found.mend


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda each: each.file.unlink(), "cannot be used"),
        (lambda each: each.key.unlink(), "cannot be used"),
        (lambda each: each.key.write_text("no key"), "cannot be used"),
        (lambda each: each.key.chmod(0o644), "others on this machine"),
        (lambda each: certificate_for(each.key.parent, "yimai.example.org", days=-1), "ended on"),
        (lambda each: certificate_for(each.key.parent, "example.org"), "is not for yimai.example.org"),
        (lambda each: certificate_for(each.key.parent, "*.yimai.example.org"), "is not for yimai.example.org"),
    ],
)
def test_a_certificate_is_looked_at(alone: Installation, spoil: Callable[[Certificate], object], what: str) -> None:
    assert alone.certificate is not None
    spoil(alone.certificate)
    (found,) = shortcomings(alone)
    assert what in found.what
    assert found.mend


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"YIMAI_ADDRESS": "http://yimai.example.org"}, "without TLS"),
        ({"YIMAI_ADDRESS": ""}, "without TLS"),
        ({"YIMAI_TLS_PROXY": ""}, "nothing says who ends TLS"),
        ({"YIMAI_PROXIES": ""}, "count as the proxy"),
        ({"YIMAI_SECOND_FACTOR": ""}, "password alone"),
        ({"YIMAI_SECOND_FACTOR": "sometimes"}, "password alone"),
        ({"YIMAI_PROXIES": "0"}, "count as the proxy"),
        ({"YIMAI_PROXIES": "some"}, "count as the proxy"),
        ({"YIMAI_LIVE_ADDRESS": ""}, "live updates"),
        ({"YIMAI_LIVE_ADDRESS": "http://127.0.0.1:8081/live"}, "live updates"),
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
    monkeypatch.setenv("YIMAI_TLS_PROXY", "yes")
    with pytest.raises(CommandProblem, match="must not be reached over a network"):
        serve.serve_folder(tmp_path, 8080)


def test_serve_and_check_judge_the_same_certificate(
    alone: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alone.certificate is not None
    judged: list[Certificate | None] = []

    def installation_at(folder: Path, certificate: Certificate | None = None) -> Installation:
        judged.append(certificate)
        return replace(alone, certificate=certificate)

    monkeypatch.setattr("yimai.wiring.deploy_check.installation_at", installation_at)
    monkeypatch.setattr(
        "yimai.wiring.house.open_database", lambda *_, **__: (_ for _ in ()).throw(CommandProblem("far"))
    )
    tls = ["--listen", "192.0.2.10", "--certificate", str(alone.certificate.file), "--key", str(alone.certificate.key)]
    assert main(["check", "--deploy", *tls]) == 0
    assert "May be served on a network." in capsys.readouterr().out
    assert main(["serve", *tls]) == 1
    assert capsys.readouterr().err == "yimai: far\n", "the check let it pass"
    assert main(["check", "--deploy"]) == 1
    assert main(["serve", "--listen", "192.0.2.10"]) == 1
    assert "nothing says who ends TLS" in capsys.readouterr().err
    assert judged == [alone.certificate, alone.certificate, None, None]


@pytest.mark.parametrize("command", [["serve"], ["check", "--deploy"]])
@pytest.mark.parametrize("half", ["--certificate", "--key"])
def test_half_a_certificate_is_none(command: list[str], half: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, half, "file.pem"]) == 1
    assert "belong together" in capsys.readouterr().err
