"""A hash tree over lines: one signed root vouches for each of them, and one line can be shown without the others.

The tree is that of RFC 6962, section 2.1: a leaf is SHA-256 of a zero byte and the line, a node SHA-256 of a one byte
and its two children; the left child of a node is the largest complete tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

#: Siblings from the leaf up to the root, each with the side it stands on: ("left" | "right", hash).
Path = tuple[tuple[str, bytes], ...]

EMPTY = hashlib.sha256(b"").digest()


class Tree:
    """The root of lines added one by one; keeps a logarithm of them."""

    def __init__(self) -> None:
        self._complete: list[tuple[int, bytes]] = []  # height and root of complete trees, higher ones first

    def add(self, line: bytes) -> None:
        height, root = 0, leaf(line)
        while self._complete and self._complete[-1][0] == height:
            root = _node(self._complete.pop()[1], root)
            height += 1
        self._complete.append((height, root))

    def root(self) -> bytes:
        """The root of everything added so far."""
        if not self._complete:
            return EMPTY
        root = self._complete[-1][1]
        for _, left in reversed(self._complete[:-1]):
            root = _node(left, root)
        return root


def leaf(line: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\0" + line).digest()


def path_to(index: int, leaves: Sequence[bytes]) -> Path:
    """What has to be known beside leaf ``index`` to work out the root of ``leaves`` (hashes of :func:`leaf`)."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path: list[tuple[str, bytes]] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if index < middle:
            path.append(("right", _root(leaves, middle, high)))
            high = middle
        else:
            path.append(("left", _root(leaves, low, middle)))
            low = middle
    return tuple(reversed(path))


def root_from(line: bytes, path: Iterable[tuple[str, bytes]]) -> bytes:
    """The root that a line and its path lead to."""
    root = leaf(line)
    for side, sibling in path:
        root = _node(sibling, root) if side == "left" else _node(root, sibling)
    return root


def _root(leaves: Sequence[bytes], low: int, high: int) -> bytes:
    if high - low == 1:
        return leaves[low]
    middle = low + (1 << (high - low - 1).bit_length() - 1)
    return _node(_root(leaves, low, middle), _root(leaves, middle, high))


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
