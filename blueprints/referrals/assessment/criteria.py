"""Rule sets for counting medication trials, each with its source. All thresholds live here.

Sources were last read on 2026-11-24, in stored copies of public pages; a payer's current policy may differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

NO_IMPROVEMENT = frozenset({"none"})
LESS_THAN_HALF = frozenset({"none", "partial"})


@dataclass(frozen=True)
class RuleSet:
    """What makes one trial adequate, and how many adequate trials make treatment-resistant depression."""

    name: str
    version: str
    source: str
    read_on: date
    """The day on which the source was last read."""
    note: str
    weeks: int = 6
    """Fewer weeks are too few."""
    weeks_surely: int = 6
    """This many weeks are enough. Between `weeks` and this, the source does not decide."""
    counts: frozenset[str] = LESS_THAN_HALF
    """Outcomes (terminology/answers.py OUTCOME) that count as too little benefit."""
    unclear: frozenset[str] = frozenset({"response_lost"})
    """Outcomes that may or may not count: the source says nothing of them, or draws its line within them."""
    trials: int = 2
    """Adequate trials needed, each of another medication, or of another class."""
    by_class: bool = False
    current_episode: bool = True
    intolerance: bool = False
    """Whether stopping for side effects counts as a trial, at any dose and after any number of weeks."""
    augmentations: int = 0
    """Kinds of augmentation needed besides."""
    augments: frozenset[str] = frozenset()
    """Kinds that count: classes or generic names in terminology/medications.csv."""
    current_antidepressant: bool = False
    """Whether an oral antidepressant must be taken now that is none of the failed ones."""
    phq9: tuple[int, int] | None = None
    """Scores below the first are too low, and from the second up they are enough."""
    phq9_days: int = 28
    ages: tuple[int, int] | None = None
    """Youngest and oldest, both included."""


MGH_ATRQ = RuleSet(
    name="MGH-ATRQ",
    version="Chandler 2010",
    source="Chandler and others 2010, PMC6493891",
    read_on=date(2026, 11, 24),
    note=(
        "The abstract was read, not the questionnaire. Minimum doses are in the table of medications, each with its "
        "source. Some trials ask for 8 weeks, or for 25 % improvement or less."
    ),
)
EXAMPLE = (
    "An example, as read in November 2026; check the payer's own policy. "
    "That trials must belong to the current episode is taken from Spravato's label where the policy does not say so."
)
# These payers want little or no improvement: "less than half" may be more than they allow.
_PAYER = replace(
    MGH_ATRQ,
    version="2026-11",
    note=EXAMPLE,
    counts=NO_IMPROVEMENT,
    unclear=frozenset({"partial", "response_lost"}),
    by_class=True,
)
CIGNA = replace(
    _PAYER,
    name="Cigna",
    source=(
        "Cigna, coverage policy for Spravato, as copied at coverage.pharmacistwrite.com/coverage/cigna and "
        "summarized at openpayer.com/policy-updates/cigna"
    ),
    note=f"{EXAMPLE} It asks for 25 % improvement or less, a PDMP check, and a psychiatrist who prescribes.",
)
MERCY_AHCCCS = replace(
    _PAYER,
    name="Mercy Care (AHCCCS)",
    source="Mercy Care, prior authorization form for Spravato, as copied at fill.io",
    note=(
        f"{EXAMPLE} It asks for 4 to 6 weeks at the highest dose that was tolerated, and for no active substance use "
        "disorder unless it is treated. It does not say how much improvement it allows."
    ),
    weeks=4,
)
QUALCHOICE = replace(
    _PAYER,
    name="QualChoice",
    source="QualChoice, medical policy BI734, documents.qualchoice.com/area/shared/medicalpolicies.aspx",
    note=(
        f"{EXAMPLE} It asks for two stable weeks on the current antidepressant, which this form does not ask, and does "
        "not say how much improvement it allows. It prints PHQ-9 > 15 for moderately severe depression, which begins "
        "at 15, so a score of 15 is left open."
    ),
    weeks=4,
    weeks_surely=4,
    intolerance=True,
    augmentations=2,
    augments=frozenset({"SGA", "lithium", "thyroid hormone", "buspirone"}),
    current_antidepressant=True,
    phq9=(15, 16),
    ages=(18, 65),
)
RULE_SETS = (MGH_ATRQ, CIGNA, MERCY_AHCCCS, QUALCHOICE)
