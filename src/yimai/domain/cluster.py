"""Clusters: dated memberships of sites, never a place where money is counted.

A partition is a division of the city in which a site lies in one cluster at a time; clusters of no partition may overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import ClassVar, Final

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.known_day import last_day
from yimai.domain.organisation import Therapies
from yimai.domain.plan import BAD_NAME
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Claim

EARLIEST: Final = date(1949, 10, 1)
LATEST: Final = date(2999, 12, 31)
CLAIM: Final = "cluster_partition"


@dataclass(frozen=True, slots=True)
class ClusterDeclared(Fact):
    """A cluster exists. partition: the division of the city that it belongs to, or "" for none."""

    kind: ClassVar[str] = "cluster.declared.v1"
    about: ClassVar[tuple[str, ...]] = ("cluster",)
    cluster: str
    title_zh: str
    title_en: str
    partition: str
    therapies: Therapies
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class ClusterDissolved(Fact):
    """A cluster is none any more."""

    kind: ClassVar[str] = "cluster.dissolved.v1"
    about: ClassVar[tuple[str, ...]] = ("cluster",)
    cluster: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class SiteJoined(Fact):
    """A site belongs to a cluster. since: from when, or "" where no source tells."""

    kind: ClassVar[str] = "cluster.site_joined.v1"
    about: ClassVar[tuple[str, ...]] = ("cluster", "site")
    cluster: str
    site: str
    partition: str
    since: str
    source: str

    def claims(self) -> tuple[Claim, ...]:
        return (_claim(self.partition, self.site, "take", _day(self.since)),) if self.partition else ()


@dataclass(frozen=True, slots=True)
class SiteLeft(Fact):
    """A site belongs to a cluster no more. joined: since when it had belonged, as it was told then."""

    kind: ClassVar[str] = "cluster.site_left.v1"
    about: ClassVar[tuple[str, ...]] = ("cluster", "site")
    cluster: str
    site: str
    partition: str
    joined: str
    since: str
    source: str

    def claims(self) -> tuple[Claim, ...]:
        if not self.partition:
            return ()
        first, left = _day(self.joined), last_day(self.since) or LATEST
        whole = _claim(self.partition, self.site, "free", first)
        return (whole, _claim(self.partition, self.site, "take", first, left)) if first < left else (whole,)


def _day(since: str) -> date:
    return last_day(since) or EARLIEST


def _claim(partition: str, site: str, move: str, first: date, until: date = LATEST) -> Claim:
    starts, ends = (datetime.combine(day, time(), UTC) for day in (first, until))
    return Claim(CLAIM, f"{partition}/{site}", "take" if move == "take" else "free", starts, ends)


UNKNOWN = RefusalKind(
    "cluster.unknown",
    "No cluster {cluster} is on the register. Declare it first, or choose one that is.",
    "登记册中没有集聚区 {cluster}。请先登记，或选择已有的集聚区。",
)
DISSOLVED = RefusalKind(
    "cluster.dissolved_already",
    "Cluster {cluster} is dissolved. Choose another.",
    "集聚区 {cluster} 已撤销。请另选。",
)
ALREADY_MEMBER = RefusalKind(
    "cluster.already_member",
    "Site {site} belongs to cluster {cluster} already. Let it leave before it joins again.",
    "站点 {site} 已属于集聚区 {cluster}。再次加入前须先退出。",
)
NOT_MEMBER = RefusalKind(
    "cluster.not_member",
    "Site {site} does not belong to cluster {cluster}, so it cannot leave it. Correct one of them.",
    "站点 {site} 不属于集聚区 {cluster}，无法退出。请更正。",
)
OTHER_PARTITION = RefusalKind(
    "cluster.other_partition",
    "Cluster {cluster} belongs to the partition '{partition}'. Say the same in the membership.",
    "集聚区 {cluster} 属于分区“{partition}”。请在成员记录中填写相同的分区。",
)


def declared(about: tuple[Fact, ...], cluster: str) -> ClusterDeclared | Refusal:
    """The cluster as last declared, if it is not dissolved."""
    found = next((fact for fact in reversed(about) if isinstance(fact, ClusterDeclared)), None)
    if found is None:
        return UNKNOWN(cluster=cluster)
    return DISSOLVED(cluster=cluster) if any(isinstance(fact, ClusterDissolved) for fact in about) else found


def declare(fact: ClusterDeclared, about: tuple[Fact, ...]) -> Refusal | None:
    """Whether the cluster may be declared; its partition cannot change while sites have joined it."""
    if not names(fact.cluster) or (fact.partition and not names(fact.partition)):
        return BAD_NAME(name=(fact.partition if names(fact.cluster) else fact.cluster)[:64])
    earlier = next((each for each in reversed(about) if isinstance(each, ClusterDeclared)), None)
    if earlier is not None and earlier.partition != fact.partition and any(isinstance(e, SiteJoined) for e in about):
        return OTHER_PARTITION(cluster=fact.cluster, partition=earlier.partition)
    return DISSOLVED(cluster=fact.cluster) if any(isinstance(each, ClusterDissolved) for each in about) else None


def member(about: tuple[Fact, ...], site: str) -> SiteJoined | None:
    """How the site belongs to the cluster now, if it does."""
    last = next((f for f in reversed(about) if isinstance(f, SiteJoined | SiteLeft) and f.site == site), None)
    return last if isinstance(last, SiteJoined) else None


def join(fact: SiteJoined, about: tuple[Fact, ...]) -> Refusal | None:
    cluster = declared(about, fact.cluster)
    if isinstance(cluster, Refusal):
        return cluster
    if cluster.partition != fact.partition:
        return OTHER_PARTITION(cluster=fact.cluster, partition=cluster.partition)
    return ALREADY_MEMBER(cluster=fact.cluster, site=fact.site) if member(about, fact.site) is not None else None


def leave(fact: SiteLeft, about: tuple[Fact, ...]) -> Refusal | None:
    joined = member(about, fact.site)
    if joined is None or joined.since != fact.joined:
        return NOT_MEMBER(cluster=fact.cluster, site=fact.site)
    if joined.partition != fact.partition:
        return OTHER_PARTITION(cluster=fact.cluster, partition=joined.partition)
    return None
