"""The `yimai` command as people type it: in a process of its own, on a database of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from yimai.interfaces.files.reading import CATALOGUE

YIMAI = (sys.executable, "-c", "import sys; from yimai.wiring.command_line import main; sys.exit(main())")
COUNT = 8
"""Treatments in the small demonstration: enough for one to be closed."""
PLAIN = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


def environment() -> dict[str, str]:
    """Of these tests: the database is the folder's own."""
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | PLAIN


def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*YIMAI, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment() | more,
        check=False,
    )


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demonstration in it."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    done = run("demo", "--folder", folder, "--treatments", COUNT, "--load-only")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def closed_treatment(loaded: Path) -> str:
    """The COI identifier of a treatment of the demonstration that was closed."""
    told = run("trace", "lingang", "--folder", loaded).stdout
    for coi in dict.fromkeys(re.findall(r"T[0-9A-Z]{3}-[0-9A-Z]{4}-[0-9A-Z]{2}", told)):
        if "Treatment closed" in run("vein", coi, "--folder", loaded).stdout:
            return str(coi)
    raise AssertionError("no treatment of the demonstration was closed")


def test_one_treatment_goes_from_order_to_infusion_without_a_browser() -> None:
    """`yimai demo --check` prints the vein as a table, verifies the ledger and says so by its exit code."""
    done = run("demo", "--check", "--seed", 5)
    assert done.returncode == 0, done.stderr
    for word in ("When", "Holder", "Ordered", "Collection completed", "Batch opened", "Infusion", "sound"):
        assert word in done.stdout, f"{word} is missing"


def test_an_interrupted_load_is_begun_anew_and_the_same_seed_and_start_give_the_same_ledger(
    tmp_path: Path, loaded: Path
) -> None:
    """Killed while it loads, the demonstration is loaded again by the next start, to the same checkpoint as that of another
    folder: every byte of every fact is the same."""
    folder = tmp_path / "killed"
    with subprocess.Popen(
        [*YIMAI, "demo", "--folder", str(folder), "--treatments", str(COUNT), "--load-only"],
        env=environment(),
        stdout=subprocess.DEVNULL,
    ) as process:
        while not (folder / "demo.json").exists():
            assert process.poll() is None, "it ended before it began to load"
            time.sleep(0.05)
        time.sleep(1.5)
        assert process.poll() is None, "it ended before it was killed"
        process.send_signal(signal.SIGKILL)
    try:
        assert run("demo", "--folder", folder, "--treatments", COUNT, "--load-only").returncode == 0
        roots = [run("checkpoint", "--folder", each).stdout.strip() for each in (loaded, folder)]
        assert roots[0] == roots[1]
        assert re.fullmatch(r"\d+:[0-9a-f]{64}", roots[0])
    finally:
        left = folder / "cluster" / "postmaster.pid"  # of the server that the killed process had started
        if left.exists():
            os.kill(int(left.read_text().splitlines()[0]), signal.SIGINT)


def test_another_simulation_in_the_same_folder_is_refused(loaded: Path) -> None:
    done = run("demo", "--folder", loaded, "--treatments", COUNT, "--seed", 2, "--load-only")
    assert done.returncode == 1
    assert "--folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_says_that_the_ledger_is_sound_also_against_a_noted_checkpoint(loaded: Path) -> None:
    noted = run("checkpoint", "--folder", loaded).stdout.strip()
    done = run("verify", "--folder", loaded, "--noted", noted)
    assert done.returncode == 0, done.stdout
    size, root = noted.split(":")
    forged = f"{size}:{'0' * 64 if root != '0' * 64 else '1' * 64}"
    assert run("verify", "--folder", loaded, "--noted", forged).returncode == 1
    wrong = run("verify", "--folder", loaded, "--noted", "yesterday")
    assert wrong.returncode == 1
    assert "SIZE:ROOT" in wrong.stderr


def test_projections_are_equal_when_they_are_rebuilt(loaded: Path) -> None:
    done = run("projections", "rebuild", "--folder", loaded)
    assert done.returncode == 0, done.stdout
    assert "equal" in done.stdout


def test_trace_and_vein_find_what_people_type(loaded: Path, closed_treatment: str) -> None:
    coi = closed_treatment
    for spelled in (coi, coi.replace("-", "").lower()):
        assert coi in run("vein", spelled, "--folder", loaded).stdout
        assert run("trace", spelled, "--folder", loaded, "--language", "zh").returncode == 0
    unknown = run("trace", "suite-99", "--folder", loaded)
    assert unknown.returncode == 1
    assert "no fact mentions" in unknown.stderr
    misread = run("vein", coi.replace("-", "")[:-1] + ("7" if not coi.endswith("7") else "8"), "--folder", loaded)
    assert misread.returncode == 1
    assert "check character" in misread.stderr


def test_a_recipe_is_approved_once(loaded: Path) -> None:
    """The shipped version is already approved with the same content, and the refusal says so."""
    file = CATALOGUE / "recipes" / "cd19-cart.yaml"
    done = run("recipe", "approve", file, "--folder", loaded, "--person", "qualified-person-01")
    assert done.returncode == 1
    assert "approval.already_approved" in done.stderr


def test_a_table_is_previewed_and_taken_whole(loaded: Path, tmp_path: Path) -> None:
    """Each row is told its fate; a preview writes nothing, and one refused row lets nothing be written."""
    table = tmp_path / "register.csv"
    head = "entry,site,type,title_zh,title_en,since,source\n"
    row = "establishment,{},base,工厂,Plant,{},demonstration\n"
    table.write_text(head + row.format("plant-1", 2024) + row.format("plant-2", "spring"), encoding="utf-8")
    asked = ("programme", "import", table, "--folder", loaded, "--person", "planner-01")
    refused = run(*asked)
    assert (refused.returncode, "1 new, 1 refused" in refused.stdout) == (1, True), refused.stdout + refused.stderr
    table.write_text(head + row.format("plant-1", 2024), encoding="utf-8")
    assert "1 new" in run(*asked, "--preview").stdout
    assert "no fact mentions" in run("trace", "plant-1", "--folder", loaded).stderr
    done = run(*asked)
    assert done.returncode == 0, done.stderr
    assert "Recorded; 2 facts" in done.stdout
    assert "1 same" in run(*asked, "--preview").stdout
    assert run(*asked).returncode == 0, "a repeat is answered, not refused"


def test_plans_are_exported_and_come_back_and_are_told_in_brief(loaded: Path, tmp_path: Path) -> None:
    def asks(*more: str) -> subprocess.CompletedProcess[str]:
        return run("programme", *more, "--folder", str(loaded))

    run("checkpoint", "--folder", str(loaded))
    file = tmp_path / "plans.xml"
    given = asks("export", "--format", "iati", str(file))
    assert given.returncode == 0, given.stderr
    again = asks("import", str(file), "--person", "planner-01", "--preview")
    assert again.returncode == 0, again.stdout
    assert re.search(r"^\d+ same$", again.stdout, re.MULTILINE), again.stdout
    refused = asks("export", "--format", "csvw", str(tmp_path / "no"), "--person", "qa-01")
    assert (refused.returncode, (tmp_path / "no").exists()) == (1, False)
    assert "not registered as planner" in refused.stderr
    told = asks(
        "brief", str(tmp_path / "brief.pdf"), "--language", "en", "--person", "planner-01", "--day", "2026-08-20"
    )
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "brief.pdf").read_bytes().startswith(b"%PDF")


def test_personal_data_are_restricted_but_not_destroyed_while_a_retention_track_runs(
    loaded: Path, closed_treatment: str
) -> None:
    coi = closed_treatment
    who = ("--folder", loaded, "--person", "qa-01", "--reason", "treatment_ended")
    restricted = run("personal-data", "restrict", coi, *who)
    assert restricted.returncode == 0, restricted.stderr
    assert run("personal-data", "restrict", coi, *who).returncode == 0, "a repeat is answered, not refused"
    kept = run("personal-data", "destroy", coi, *who)
    assert kept.returncode == 1
    assert "(retention." in kept.stderr
    assert run("verify", "--folder", loaded).returncode == 0


def test_an_empty_folder_is_told_apart_from_a_ledger(tmp_path: Path) -> None:
    done = run("verify", "--folder", tmp_path / "nothing")
    assert done.returncode == 1
    assert "no ledger" in done.stderr
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("start", ["tomorrow", "2026-08-03T08:00:00"])
def test_a_start_that_is_no_time_is_refused(tmp_path: Path, start: str) -> None:
    done = run("demo", "--folder", tmp_path / "d", "--start", start)
    assert done.returncode == 1
    assert "--start" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def served(loaded: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*YIMAI, "demo", "--folder", str(loaded), "--treatments", str(COUNT), "--port", "18080"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if found := re.search(r"http://localhost:\d+/", line):
            yield found[0], process
            break
    else:
        pytest.fail(printed)
    process.terminate()
    process.communicate(timeout=60)


def test_the_demonstration_is_served_on_loopback_until_it_is_stopped(
    served: tuple[str, subprocess.Popen[str]], loaded: Path
) -> None:
    """One address is printed; it answers; its clock runs; SIGTERM stops server and database."""
    address, process = served
    assert json.loads(fetch(f"{address}health"))["database"] == "ok"
    page = fetch(address).decode()
    assert "一脉" in page
    process.terminate()
    process.communicate(timeout=60)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{address}health", timeout=2)
    assert not (loaded / "cluster" / "postmaster.pid").exists()


def fetch(address: str) -> bytes:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


def test_an_external_database_is_used_where_database_url_names_one(fresh_database: str, tmp_path: Path) -> None:
    done = run("demo", "--folder", tmp_path / "keys", "--treatments", 2, "--load-only", DATABASE_URL=fresh_database)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "keys" / "cluster").exists()
    assert run("verify", "--folder", tmp_path / "keys", DATABASE_URL=fresh_database).returncode == 0


def test_a_database_that_does_not_answer_is_told_in_plain_words(tmp_path: Path) -> None:
    done = run("verify", "--folder", tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
