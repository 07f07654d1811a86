"""What counts as an adequate trial and as treatment-resistant depression, under named rules of others.

A rule set is a reading of its source, by people who are not its authors: each names what it was read from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RuleSet:
    name: str
    version: str
    source: str
    min_weeks: int
    """Weeks at the minimum dose or more."""
    trials_needed: int = 2
    current_episode_only: bool = True
    different_classes: bool = False
    most_improvement: int = 50
    """A trial failed if the improvement was less than this many percent."""
    augmentations_needed: int = 0
    phq9_above: int | None = None
    """And the PHQ-9, at most 28 days old, must be above this."""
    ages: tuple[int, int] | None = None


EXAMPLE = "An example of a payer's criteria, as published when they were read. Check the payer's own policy."

MGH_ATRQ = RuleSet(
    name="MGH-ATRQ thresholds",
    version="Chandler 2010",
    source="Chandler et al. 2010 (PMC6493891); minimum doses from a public copy of a trial protocol.",
    min_weeks=6,
)
CIGNA = RuleSet(
    name="Payer example: Cigna",
    version="read 2026-11",
    source=EXAMPLE,
    min_weeks=6,
    current_episode_only=False,
    different_classes=True,
    most_improvement=25,
)
MERCY_CARE = RuleSet(
    name="Payer example: Mercy Care (AHCCCS)",
    version="read 2026-11",
    source=f"{EXAMPLE} It says 4 to 6 weeks; 4 are asked for here.",
    min_weeks=4,
    current_episode_only=False,
    different_classes=True,
)
QUALCHOICE = RuleSet(
    name="Payer example: QualChoice",
    version="read 2026-11",
    source=EXAMPLE,
    min_weeks=4,
    current_episode_only=False,
    different_classes=True,
    augmentations_needed=2,
    phq9_above=15,
    ages=(18, 65),
)
RULE_SETS = (MGH_ATRQ, CIGNA, MERCY_CARE, QUALCHOICE)
