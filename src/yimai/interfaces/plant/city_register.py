"""The simulated city's register: firms, sites, clusters, titles and products that are plainly invented, as rows of a register's file.

Everything is named 模拟 and Simulated and rests on a source that says so. The credit codes check, but name a region
(000000) in which no organisation is registered, so that none can be anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from stdnum.cn import uscc

from yimai.domain.establishment import degrees
from yimai.domain.register import YES, Row
from yimai.interfaces.plant.names import pairs

SOURCE: Final = "simulation"
CELL, BOTH, GENE = 43, 7, 9
"""How many firms work on cell therapy alone, on both, on gene therapy alone."""
BASES, LABORATORIES, HOSPITALS = 14, 16, 5
TITLED_CELL, TITLED_BOTH = 14, 6
"""How many sites bear a title for cell therapy, and for both; the others of the firms' bear one for gene therapy."""
TWICE: Final = 3
"""How many sites bear a second title."""
TITLES: Final = (
    ("innovation_base", "创新基地", "innovation base"),
    ("platform", "平台", "platform"),
    ("key_laboratory", "重点实验室", "key laboratory"),
    ("technology_innovation_centre", "技术创新中心", "technology innovation centre"),
)
SECOND_TITLE: Final = f"simulated-designation-{BASES + LABORATORIES + 1}"
"""The second title of the first site."""
SPOTS: Final = (
    ("浦东新区", 121_600_000, 31_205_000), ("浦东新区", 121_900_000, 30_915_000), ("闵行区", 121_400_000, 31_060_000),
    ("松江区", 121_230_000, 31_040_000), ("嘉定区", 121_250_000, 31_360_000), ("徐汇区", 121_435_000, 31_165_000),
    ("奉贤区", 121_480_000, 30_930_000), ("宝山区", 121_430_000, 31_390_000),
)  # fmt: skip
"""Where simulated sites lie: a district, and the middle of its neighbourhood in millionths of a degree."""
CLUSTERS: Final = 5
"""One at each of the first spots."""
PARTITION: Final = "simulated-cell"


@dataclass(frozen=True, slots=True)
class Firm:
    code: str
    zh: str
    en: str
    therapies: Literal["cell", "gene", "both"]


@dataclass(frozen=True, slots=True)
class Site:
    """spot: its place among ``SPOTS``."""

    id: str
    kind: Literal["base", "laboratory", "hospital"]
    owner: Firm
    spot: int


@dataclass(frozen=True, slots=True)
class SimulatedCity:
    """What the register holds when the simulation begins. year: of its beginning; recipe: of what its base makes."""

    firms: tuple[Firm, ...]
    sites: tuple[Site, ...]
    year: int
    recipe: str
    seed: int

    @property
    def bases(self) -> tuple[Site, ...]:
        return tuple(each for each in self.sites if each.kind == "base")

    def rows(self) -> tuple[Row, ...]:
        """The rows, in an order in which each may be taken."""
        chance = Random(f"simulated register {self.seed}")
        found = [
            _row(
                "source",
                source=SOURCE,
                title_zh="演示模拟：纯属虚构，与任何真实机构无关",
                title_en="Simulated for the demonstration: invented, nobody real",
                knowledge="assumed",
            )
        ]
        found += [*self._organisations(chance), *self._establishments(chance)]
        return (*found, *self._clusters(chance), *self._designations(chance), *self._products())

    def _day(self, chance: Random, before: int) -> str:
        """A day in the years from five years ago up to ``before`` years ago."""
        year = self.year - chance.randint(before, 5)
        return f"{year}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"

    def _organisations(self, chance: Random) -> Iterator[Row]:
        for firm in self.firms:
            yield _row(
                "organisation", organisation=firm.code, type="firm", title_zh=firm.zh, title_en=firm.en,
                therapies=firm.therapies, since=self._day(chance, 2), source=SOURCE,
            )  # fmt: skip
        for each in self.sites:
            if each.kind == "hospital":
                yield _row(
                    "organisation", organisation=each.owner.code, type="hospital", title_zh=each.owner.zh,
                    title_en=each.owner.en, therapies="gene", since=str(self.year - 5), source=SOURCE,
                )  # fmt: skip

    def _establishments(self, chance: Random) -> Iterator[Row]:
        kinds = {"base": ("生产基地", "base"), "laboratory": ("实验室", "laboratory"), "hospital": ("", "")}
        for each in self.sites:
            zh, en = kinds[each.kind]
            district, longitude, latitude = SPOTS[each.spot]
            yield _row(
                "establishment", site=each.id, organisation=each.owner.code, type=each.kind,
                title_zh=f"{each.owner.zh}{zh}", title_en=f"{each.owner.en} {en}".strip(), district=district,
                longitude=degrees(longitude + 1000 * chance.randint(-22, 22)), latitude=degrees(latitude + 1000 * chance.randint(-22, 22)),
                approximate=YES, floor_area=500 * chance.randint(4, 40) if each.kind == "base" else "",
                since=self._day(chance, 3), source=SOURCE,
            )  # fmt: skip
            if each.kind == "hospital":
                yield _row(
                    "establishment_qualified", site=each.id, qualification="gene_therapy_trial",
                    since=str(self.year - 3), source=SOURCE,
                )  # fmt: skip

    def _clusters(self, chance: Random) -> Iterator[Row]:
        for number, (zh, en) in enumerate(pairs(f"simulated clusters {self.seed}", CLUSTERS)):
            cluster = f"simulated-cluster-{number + 1}"
            yield _row(
                "cluster", cluster=cluster, title_zh=f"模拟·{zh}细胞集聚区", title_en=f"Simulated {en} cell cluster",
                partition=PARTITION, therapies="cell", since=f"{self.year - 4}-{3 + number:02d}", source=SOURCE,
            )  # fmt: skip
            for site in self.sites:
                if site.spot == number and site.kind != "hospital":
                    yield _row(
                        "cluster_joined", cluster=cluster, site=site.id, partition=PARTITION,
                        since=f"{self.year - 3}-{chance.randint(1, 12):02d}", source=SOURCE,
                    )  # fmt: skip

    def _designations(self, chance: Random) -> Iterator[Row]:
        titled = [each for each in self.sites if each.kind != "hospital"]
        for number, site in enumerate([*titled, *titled[:TWICE]]):
            twice = number >= len(titled)
            type_, zh, en = TITLES[(number + twice) % len(TITLES)]
            at = number % len(titled)
            therapies = "cell" if at < TITLED_CELL else "both" if at < TITLED_CELL + TITLED_BOTH else "gene"
            yield _row(
                "designation", designation=f"simulated-designation-{number + 1}", site=site.id, type=type_, therapies=therapies,
                title_zh=f"{site.owner.zh}{zh}", title_en=f"{site.owner.en} {en}", since=self._day(chance, 2), source=SOURCE,
            )  # fmt: skip
        hospitals = [each for each in self.sites if each.kind == "hospital"]
        for number, site in enumerate(hospitals[:-1]):
            type_, zh, en = (
                ("clinical_ward", "病房", "ward") if number == 0 else ("clinical_centre", "临床中心", "centre")
            )
            yield _row(
                "designation", designation=f"simulated-clinical-{number + 1}", site=site.id, type=type_, therapies="gene",
                title_zh=f"{site.owner.zh}基因治疗{zh}", title_en=f"{site.owner.en} gene therapy {en}",
                since=self._day(chance, 1), source=SOURCE,
            )  # fmt: skip

    def _products(self) -> Iterator[Row]:
        owners = {"cell": self.firms[:CELL], "gene": self.firms[-GENE:]}
        for number, therapies in enumerate(("cell", "cell", "cell", "gene")):
            product, owner = f"simulated-product-{number + 1}", owners[therapies][number]
            made = {"organisation": owner.code, "recipe": self.recipe if number == 0 else "", "therapies": therapies}
            yield _row(
                "product", authorisation=product, title_zh=f"模拟制品{number + 1}号", title_en=f"Simulated product {number + 1}",
                source=SOURCE, **made,
            )  # fmt: skip
            filed = f"{self.year - 4 + number // 2}-{4 + number:02d}-15"
            yield _row("product_filed", authorisation=product, since=filed, source=SOURCE)
            if number < 2:
                granted = f"{self.year - 3 + number}-06-20"
                yield _row("product_authorised", authorisation=product, since=granted, source=SOURCE)
                price = 100_000_000 + 8_000_000 * number
                yield _row("product_price", authorisation=product, price=price, since=granted, source=SOURCE)


def simulated_city(year: int, recipe: str, seed: int) -> SimulatedCity:
    """The city of that seed, as it stands at the beginning of the year."""
    number = CELL + BOTH + GENE
    names = pairs(f"simulated organisations {seed}", number + HOSPITALS)
    firms = tuple(
        Firm(credit_code(n + 1), f"模拟·{zh}{_WORK[work][0]}", f"Simulated {en} {_WORK[work][1]}", work)
        for n, (zh, en) in enumerate(names[:number])
        for work in (_therapies(n),)
    )
    places = [*(("base", n) for n in range(BASES)), *(("laboratory", BASES + n) for n in range(LABORATORIES))]
    owners = [*firms[: BASES - 1], *firms[CELL - 1 : CELL + BOTH], *firms[-GENE:]]
    sites = [
        Site(f"simulated-{kind}-{n + 1}", "base" if kind == "base" else "laboratory", owners[n], n % len(SPOTS))
        for kind, n in places
    ]
    hospitals = [
        Firm(credit_code(number + n + 1), f"模拟医院·{zh}", f"Simulated {en} hospital", "gene")
        for n, (zh, en) in enumerate(names[number:])
    ]
    wards = [Site(f"simulated-hospital-{n + 1}", "hospital", each, n) for n, each in enumerate(hospitals)]
    return SimulatedCity(firms, (*sites, *wards), year, recipe, seed)


_WORK: Final = {
    "cell": ("细胞", "Cell"),
    "both": ("细胞与基因", "Cell and Gene"),
    "gene": ("基因", "Gene"),
}


def _therapies(number: int) -> Literal["cell", "gene", "both"]:
    return "cell" if number < CELL else "both" if number < CELL + BOTH else "gene"


def credit_code(number: int) -> str:
    """A credit code that checks and that nobody bears: MN stands for simulated, 000000 for no region."""
    head = f"91000000MN{number:07d}"
    return head + uscc.calc_check_digit(head)


def _row(entry: str, **cells: str | int) -> Row:
    return Row(entry, {name: str(each) for name, each in cells.items()})
