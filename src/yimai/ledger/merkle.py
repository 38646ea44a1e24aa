"""The Merkle tree of RFC 6962 (Certificate Transparency), section 2.1: roots, a growing frontier, and both proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees to the left of a growing tree: all that is needed to add leaves.

    size: leaves so far; nodes: one 32-byte hash for each one-bit of ``size``, largest subtree first.
    """

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(nodes):
            raise ValueError(f"a frontier of {size} leaves has {max(size, 0).bit_count()} nodes, not {len(nodes)}")
        self.size = size
        self.nodes = list(nodes)

    def add(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        nodes, size = self.nodes, self.size
        while size & 1:
            leaf = node_hash(nodes.pop(), leaf)
            size >>= 1
        nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree's root."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the audit path (RFC 6962, 2.1.1) of the leaf at ``index`` (from 0), lowest first. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root(leaves[:split])]


def consistency_proof(older: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof (RFC 6962, 2.1.2) that the tree over ``leaves`` begins with its first ``older`` ones.

    Raises IndexError unless 0 < older <= len(leaves).
    """
    if not 0 < older <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves has no beginning of {older}")
    return _consistency(older, leaves, whole=True)


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Say whether the proof shows the leaf hash at ``index`` (from 0) in the tree of ``size`` leaves with this root."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(step, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, step)
        place, last = place >> 1, last >> 1
    return last == 0 and node == expected


def consistent(older: int, older_root: bytes, newer: int, newer_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the newer tree begins with all leaves of the older one (sizes in leaves)."""
    if not 0 < older <= newer:
        return False
    if older == newer:
        return not proof and older_root == newer_root
    steps = list(proof)
    if older & (older - 1) == 0:
        steps.insert(0, older_root)
    if not steps:
        return False
    place, last = older - 1, newer - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == older_root and new == newer_root


def _consistency(older: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if older == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if older <= split:
        return [*_consistency(older, leaves[:split], whole=whole), root(leaves[split:])]
    return [*_consistency(older - split, leaves[split:], whole=False), root(leaves[:split])]


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
