"""A small site for tests in the browser: the real pages' frame and scripts, and a server that answers as docs/offline.md agrees."""

from yimai.domain.identifier import mint

EXPECTED = mint("shipment", b"\x05\x02\x03\x04\x05")
"""The shipper that the hand-over of the page "known" is about."""
