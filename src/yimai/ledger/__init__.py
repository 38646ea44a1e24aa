"""The heart: entries, their canonical bytes, chains, Merkle tree and proofs; it knows no therapy."""
