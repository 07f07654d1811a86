"""How many typing slips separate a word that is being typed from a name."""

from __future__ import annotations

FAR = 99
"""Stands for too many slips."""


def slips_allowed(typed: str) -> int:
    """Short words must be right: with a slip allowed, they would match nearly every name."""
    return 2 if len(typed) >= 7 else 1 if len(typed) >= 4 else 0


def slips(typed: str, name: str, most: int) -> int:
    """Fewest slips that make `typed` the beginning of `name`; FAR above `most`.

    A slip is a letter too many, too few, wrong, or two that are swapped (Damerau, optimal string alignment).
    Only the band of the table that `most` slips can reach is filled, so a long name costs no more than a short one.
    """
    if len(set(typed).difference(name)) > most:  # Each letter that the name lacks is a slip.
        return FAR
    before: dict[int, int] = {}
    row = {j: j for j in range(min(most, len(name)) + 1)}
    for i, letter in enumerate(typed, 1):
        older, before, row = before, row, {}
        for j in range(max(0, i - most), min(len(name), i + most) + 1):
            fewest = min(row.get(j - 1, FAR), before.get(j, FAR)) + 1
            if j:
                fewest = min(fewest, before.get(j - 1, FAR) + (letter != name[j - 1]))
            if i > 1 < j and letter == name[j - 2] and typed[i - 2] == name[j - 1]:
                fewest = min(fewest, older.get(j - 2, FAR) + 1)
            row[j] = fewest
        if min(row.values(), default=FAR) > most < min(before.values(), default=FAR):
            return FAR
    best = min(row.values(), default=FAR)
    return best if best <= most else FAR
