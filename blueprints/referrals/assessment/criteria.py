"""Ways to count what was tried, each by name, version and source. The numbers live here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

NEVER_BETTER = frozenset({"none"})
LESS_THAN_HALF = frozenset({"none", "partial"})


@dataclass(frozen=True)
class RuleSet:
    """What makes one trial adequate, and how many of them make treatment-resistant depression."""

    name: str
    version: str
    source: str
    note: str
    weeks: int = 6
    """Fewer than this many weeks are not enough."""
    weeks_surely: int = 6
    """This many are enough. They differ where the source gives a range: between them nobody can tell."""
    counts: frozenset[str] = LESS_THAN_HALF
    """Outcomes (terminology/answers.py OUTCOME) that count as no sufficient benefit."""
    unclear: frozenset[str] = frozenset()
    """Outcomes that hold both what counts and what does not: less than half is not always 25 % or less."""
    trials: int = 2
    """So many different antidepressants, or classes of them."""
    by_class: bool = False
    """Each from another class."""
    current_episode: bool = True
    intolerance: bool = False
    """A medication that was stopped for side effects counts as a trial, at any dose and length."""
    augmentations: int = 0
    """So many different augmentation agents besides."""
    phq9_above: int | None = None
    phq9_days: int = 28
    ages: tuple[int, int] | None = None
    """Youngest and oldest, both included."""


MGH_ATRQ = RuleSet(
    name="MGH-ATRQ",
    version="Chandler 2010",
    source="Chandler and others 2010, PMC6493891",
    note="Minimum doses are from a copy in a public trial protocol. Some trials ask for 8 weeks, or for 25 % or less.",
)
EXAMPLE = (
    "An example, as read in November 2026; check the payer's own policy. "
    "That the trials belong to the current episode is taken from Spravato's label."
)
# Payers that want little or no improvement: less than half may still be more than they allow.
_PAYER = replace(
    MGH_ATRQ, version="2026-11", note=EXAMPLE, counts=NEVER_BETTER, unclear=frozenset({"partial"}), by_class=True
)
CIGNA = replace(
    _PAYER,
    name="Cigna",
    source="Cigna, coverage policy for Spravato",
    note=f"{EXAMPLE} It asks for 25 % improvement or less, a PDMP check, and a psychiatrist who prescribes.",
)
MERCY_AHCCCS = replace(
    _PAYER,
    name="Mercy Care (AHCCCS)",
    source="Mercy Care, prior authorization form for Spravato",
    note=f"{EXAMPLE} It asks for 4 to 6 weeks. How much improvement it allows was not read.",
    weeks=4,
)
QUALCHOICE = replace(
    _PAYER,
    name="QualChoice",
    source="QualChoice, criteria for Spravato",
    note=f"{EXAMPLE} How much improvement it allows, and how long augmentation must last, were not read.",
    weeks=4,
    weeks_surely=4,
    augmentations=2,
    phq9_above=15,
    ages=(18, 65),
)
RULE_SETS = (MGH_ATRQ, CIGNA, MERCY_AHCCCS, QUALCHOICE)
