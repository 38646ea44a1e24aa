"""What a release asks of a batch's results: all there, verified, conforming, and the identity proven."""

from __future__ import annotations

from typing import Final, Literal

from yimai.domain.recipe import Recipe, Test
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.sample import Samples

RESULT_MISSING = RefusalKind(
    "sample.result_missing",
    "Batch {batch} lacks results: {tests}. Wait for the laboratory, then try again.",
    "批次 {batch} 缺少检验结果：{tests}。请等待检验完成后重试。",
)
UNVERIFIED = RefusalKind(
    "sample.unverified",
    "Results of batch {batch} await a second analyst: {tests}. Have them verified, then try again.",
    "批次 {batch} 的结果待第二名检验员复核：{tests}。请复核后重试。",
)
NONCONFORMING = RefusalKind(
    "sample.nonconforming",
    "Results of batch {batch} do not conform: {tests}. Reject the batch, or ask for out-of-specification supply.",
    "批次 {batch} 的结果不符合标准：{tests}。请拒绝该批次，或申请超标供应。",
)
IDENTITY_FAILED = RefusalKind(
    "sample.identity_failed",
    "The identity test of batch {batch} failed: these may be another patient's cells. Never use the batch; reject it.",
    "批次 {batch} 身份检验不符合：细胞可能属于其他患者。该批次绝不得使用，请拒绝。",
    identity=True,
)


def nonconforming(samples: Samples, batch: str) -> tuple[str, ...]:
    """The tests with a standing result that does not conform, in-process ones included, sorted."""
    found = {
        result.test
        for sample in samples.of_batch(batch)
        for result in sample.results
        if not result.invalidated and not result.conforming
    }
    return tuple(sorted(found))


AWAITS: Final = ("result", "verification")


def complete(samples: Samples, recipe: Recipe, batch: str, stages: tuple[str, ...]) -> Refusal | None:
    """Whether every test of the stages, and the identity test, has a verified result on every sample taken for it."""
    needed = (test for test in recipe.tests if test.stage in stages or test.identity)
    awaited = [(test, state) for test in needed if (state := awaits(samples, recipe, batch, test))]
    missing, unverified = (", ".join(test.id for test, state in awaited if state == each) for each in AWAITS)
    if missing:
        return RESULT_MISSING(batch=batch, tests=missing)
    return UNVERIFIED(batch=batch, tests=unverified) if unverified else None


def awaits(samples: Samples, recipe: Recipe, batch: str, test: Test) -> Literal["", "result", "verification"]:
    """What of the test is still to come for the batch, on whichever sample taken for it; "" if nothing is."""
    plans = {plan.id for plan in recipe.samples if test.id in plan.tests}
    results = [sample.valid(test.id) for sample in samples.of_batch(batch) if sample.plan in plans]
    if not results or None in results:
        return "result"
    return "" if all(result.verifier for result in results if result is not None) else "verification"


def identity_proven(samples: Samples, recipe: Recipe, batch: str) -> Refusal | None:
    """Whether no identity test failed: the hard gate that no override and no supply route opens."""
    identity = {test.id for test in recipe.tests if test.identity}
    return IDENTITY_FAILED(batch=batch) if identity & set(nonconforming(samples, batch)) else None


def conforming(samples: Samples, recipe: Recipe, batch: str) -> Refusal | None:
    failing = nonconforming(samples, batch)
    if refusal := identity_proven(samples, recipe, batch):
        return refusal
    return NONCONFORMING(batch=batch, tests=", ".join(failing)) if failing else None
