"""What was done to a stream, told from what is left of it (AUD-02).

The check walks a stream entry by entry and stops at the first place p whose genuine entry does not stand there as it
was written. For each row from there on it asks which genuine place the row belongs to: the key tells, because a
checkpoint holds the genuine hash of every place, and only the genuine content, together with the genuine hash before
it, leads there. The row's own hash, link and number are not asked; whoever has the database can make them up. So the
answer is the same whether later hashes were left, linked anew or worked out again with a wrong key.

| found from place p on                                                              | kind       |
| ---------------------------------------------------------------------------------- | ---------- |
| nothing                                                                            | tail_cut   |
| another entry that the key vouches for: the rest was cut, then the service went on | tail_cut   |
| entry p itself, its number, link or hash changed                                   | edited     |
| entry p itself, and once more further on                                           | inserted   |
| a stranger, or a second copy of another entry, and entry p further on              | inserted   |
| a later entry, and entry p further on                                              | swapped    |
| a later entry, and entry p nowhere                                                 | deleted    |
| a stranger or a second copy, and entry p nowhere in the stream                     | edited     |
| the same, but entry p stands at another broken place of another stream             | swapped    |
| behind the last checkpoint: a stranger that no later genuine entry builds on       | inserted   |

Two acts can leave the same rows; then one name stands for both:
* deleting the last entries is cutting the tail, and so is removing a whole stream (``tail_cut`` of number 1);
* of an entry and its copy next to it, the second one is the inserted one;
* replacing an entry by a made-up one is editing it, and so is deleting it and inserting another in its place;
* swapping neighbours is moving one of them by one, and entries that differ in nothing but their number have no order;
* where the last checkpointed entry is gone and all rows behind it were hashed anew, no hash is left to tell a deletion
  from an edit: ``edited``;
* behind the last checkpoint only hashes left in place tell an edited entry from an inserted one.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["edited", "deleted", "swapped", "inserted", "tail_cut"]


def name(p: int, *, left: bool, first: int | None, p_later: bool, first_again: bool) -> Kind:
    """The kind of tampering first met at place ``p``; all before it is as it was.

    ``left``: whether any row is there from ``p`` on. ``first``: the genuine place of the first of them, None for a
    stranger. ``p_later``: entry ``p`` is among the others. ``first_again``: so is a second copy of the first.
    """
    if not left:
        return "tail_cut"
    if first == p:
        return "inserted" if p_later else "edited"
    is_foreign = first is None or first < p or first_again
    if p_later:
        return "inserted" if is_foreign else "swapped"
    return "edited" if is_foreign else "deleted"
