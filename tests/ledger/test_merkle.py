"""The tree of RFC 6962: the published vectors of Certificate Transparency, and proofs that nothing else passes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yimai.ledger import merkle
from yimai.ledger.codec import leaf_hash

# The leaves and roots with which the Certificate Transparency project's implementations are tested.
LEAVES = [
    leaf_hash(bytes.fromhex(content))
    for content in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
sizes = st.integers(1, 70)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def plain_root(hashes: list[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + plain_root(hashes[:split]) + plain_root(hashes[split:])).digest()


def test_published_roots() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [merkle.root(LEAVES[:size]).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize(("older", "newer"), CONSISTENCY)
def test_published_consistency_proofs(older: int, newer: int) -> None:
    proof = merkle.consistency_proof(older, LEAVES[:newer])
    assert [node.hex() for node in proof] == CONSISTENCY[older, newer]


@given(sizes)
def test_a_growing_frontier_has_the_root_of_the_definition(size: int) -> None:
    frontier = merkle.Frontier()
    for leaf in leaves(size):
        frontier.add(leaf)
    assert frontier.root() == plain_root(leaves(size))
    assert merkle.Frontier(size, frontier.nodes).root() == frontier.root()


def test_a_frontier_with_too_few_nodes_is_refused() -> None:
    with pytest.raises(ValueError, match="3 leaves has 2 nodes, not 1"):
        merkle.Frontier(3, [bytes(32)])


@given(sizes, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_place_only(size: int, data: st.DataObject) -> None:
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(index, hashes), merkle.root(hashes)
    assert merkle.includes(hashes[index], index, size, proof, root)
    for other in range(size):
        if other != index:
            assert not merkle.includes(hashes[other], index, size, proof, root)
            assert not merkle.includes(hashes[index], other, size, proof, root)
    assert not merkle.includes(hashes[index], index, size, [*proof, bytes(32)], root)
    assert not merkle.includes(hashes[index], index, size, proof, bytes(32))
    assert not merkle.includes(hashes[index], size, size, proof, root)
    if proof:
        assert not merkle.includes(hashes[index], index, size, proof[1:], root)
        assert not merkle.includes(hashes[index], index, size, proof[:-1], root)


@given(sizes, st.data())
def test_a_consistency_proof_holds_for_its_trees_only(newer: int, data: st.DataObject) -> None:
    older = data.draw(st.integers(1, newer))
    hashes = leaves(newer)
    proof = merkle.consistency_proof(older, hashes)
    old_root, new_root = merkle.root(hashes[:older]), merkle.root(hashes)
    assert merkle.consistent(older, old_root, newer, new_root, proof)
    assert not merkle.consistent(older, bytes(32), newer, new_root, proof)
    assert not merkle.consistent(older, old_root, newer, bytes(32), proof)
    assert not merkle.consistent(older, old_root, newer, new_root, [*proof, bytes(32)])
    assert not merkle.consistent(0, old_root, newer, new_root, proof)
    assert not merkle.consistent(newer + 1, old_root, newer, new_root, proof)
    for at in range(len(proof)):
        assert not merkle.consistent(older, old_root, newer, new_root, [*proof[:at], bytes(32), *proof[at + 1 :]])
        assert not merkle.consistent(older, old_root, newer, new_root, [*proof[:at], *proof[at + 1 :]])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(index, leaves(size))


@pytest.mark.parametrize(("older", "newer"), [(0, 3), (4, 3)])
def test_a_beginning_that_is_not_there_has_no_proof(older: int, newer: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency_proof(older, leaves(newer))
