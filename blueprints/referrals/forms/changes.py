"""What the form's own buttons make of the answers: a medication more or less, a pasted list, "No to all the rest"."""

from __future__ import annotations

from collections.abc import Iterable

from blueprints.referrals.drafts import Answers
from blueprints.referrals.forms import pasted_list, trial_rows
from blueprints.referrals.forms.history import MAX_TRIALS
from blueprints.referrals.forms.identity import PAYER_ANSWERS
from blueprints.referrals.forms.trial_rows import Change
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY

QUICK_ANSWERS = {f"payer:{answer}": answer for answer in PAYER_ANSWERS}
"""Buttons that fill in the insurance."""


def change(action: str, answers: Answers, sent: Iterable[tuple[str, list[str]]]) -> Change | None:
    """None if the action is about something else."""
    if action in QUICK_ANSWERS:
        return Change({**answers, "insurance_payer": [QUICK_ANSWERS[action]]}, None, "")
    if action == "no_to_the_rest":
        return _no_to_the_rest(answers)
    if action == "read_list":
        return _read_list(answers)
    return trial_rows.change(action, answers, sent)


def _no_to_the_rest(answers: Answers) -> Change:
    """Contraindications are answered one by one; the other questions that have no answer yet get "no"."""
    rest = [name for name in SAFETY if name not in CONTRAINDICATIONS and not any(answers.get(name, []))]
    together = [*filter(None, ",".join(answers.get("answered_together", [])).split(",")), *rest]
    said = f"{len(rest)} questions answered No. Change any that is not."
    filled = {**answers, **{name: ["no"] for name in rest}, "answered_together": [",".join(together)]}
    return Change(filled, None, said, place_id="safety")


def _read_list(answers: Answers) -> Change:
    """Rows that fit are added; lines beyond the last one that fits stay in the box."""
    others, rows = trial_rows.split(answers)
    lines = pasted_list.lines("\n".join(others.pop("trials_list", [])))
    used = [row for row in rows if any(any(values) for values in row.values())]
    fitting, left = lines[: MAX_TRIALS - len(used)], lines[MAX_TRIALS - len(used) :]
    read = list(map(pasted_list.row, fitting))
    if left:
        others["trials_list"] = ["\n".join(left)]
    said = _read_words(len(read), len(left))
    return Change(
        trial_rows.join(others, [*used, *read] or rows), len(used) if read else None, said, place_id="history"
    )


def _read_words(read: int, left: int) -> str:
    if not read:
        return f"{MAX_TRIALS} medications fit here. The list is still in its box." if left else "The list is empty."
    lines = "1 line was read" if read == 1 else f"{read} lines were read"
    rest = f" {left} did not fit and are still in the box." if left else ""
    return f"{lines}. Check each one; what was not understood is in the medication's box.{rest}"
