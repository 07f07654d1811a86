"""How long a clinician needs for a referral: made-up charts typed with the keyboard alone, key by key, in Chromium.

    .venv/bin/python -m benchmarks.referral_time

Keys are counted as they are pressed, Tab included. Seconds follow from a keystroke-level model (Card, Moran and Newell,
1980): 0.28 a key (an average typist), 1.35 to decide on each answer, 2 to look up each fact in the chart. What a
clinician knows without looking counts as no fact. People were not timed. docs/referral-time.md has the results.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.servers import site
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS
from tests.browser.fixtures import FLAGS
from tests.needs import CHROMIUM

KEY, DECISION, LOOKUP = 0.28, 1.35, 2.0
MOST_TABS = 80
KNOWN = ("emergency", "referrer_", "patient_agrees", "service_", "priority", "attestation", "button:", "suicide_risk")

READ_BACK = ("_name", "-medication", "_medications", "diagnosis", "other_diagnoses", "clinical_summary", "allergies")
"""Answers that the review shows as they were typed."""

LEAST = {
    "emergency": "no",
    "referrer_given_name": "Test",
    "referrer_family_name": "Referrer",
    "referrer_phone": "3105550123",
    "patient_given_name": "Zebedee",
    "patient_family_name": "Canaryfield",
    "patient_birth_date_month": "4",
    "patient_birth_date_day": "17",
    "patient_birth_date_year": "1961",
    "patient_phone": "2135550188",
    "patient_agrees": "yes",
    "service_requested": "spravato",
    "diagnosis": "F33.2",
    "suicide_risk": "low",
    "attestation": "y",
}


def trial(row: int, medication: str, dose: str, weeks: str, outcome: str) -> dict[str, str]:
    answers = {"medication": medication, "daily_dose_mg": dose, "weeks": weeks, "current_episode": "yes"}
    return {f"trials-{row}-{name}": value for name, value in {**answers, "outcome": outcome}.items()}


TYPICAL = {
    **LEAST,
    "referrer_email": "referrer@example.com",
    "referrer_npi": "1234567893",
    "patient_sex": "female",
    "patient_postal_code": "90048",
    "insurance_payer": "Aetna",
    "insurance_member_id": "W123456789",
    "phq9_score": "21",
    "phq9_date": "11/20/26",
    "phq9_item9": "1",
    **trial(0, "sertraline", "200", "12", "none"),
    **trial(1, "venlafaxine", "225", "8", "partial"),
    **dict.fromkeys(CONTRAINDICATIONS, "no"),
    "button:No to all the rest": "",
    "systolic": "128/82",
    "current_medications": "venlafaxine 225 mg, lorazepam 0.5 mg as needed",
    "safety_plan": "yes",
}
FULL = {
    **TYPICAL,
    "referrer_credentials": "MD",
    "referrer_fax": "3105550124",
    "referrer_specialty": "psychiatry",
    "referrer_organization": "Example Practice",
    "patient_preferred_name": "Zeb",
    "patient_email": "zebedee@example.org",
    "patient_language": "es",
    "patient_interpreter": "y",
    "other_diagnoses": "generalized anxiety disorder",
    "clinical_summary": "Made-up summary: two years of low mood, off work since spring, lives with a sister.",
    **trial(2, "bupropion XL", "300", "10", "none"),
    **trial(3, "mirtazapine", "45", "8", "intolerant"),
    "had_ect": "no",
    "had_tms": "yes",
    "had_psychotherapy": "yes",
    "had_ketamine": "no",
    "weight": "168",
    "weight_unit": "lb",
    "allergies": "penicillin",
    "prior_attempts": "no",
    "lethal_means": "no",
}
CASES = {"least": LEAST, "typical": TYPICAL, "full": FULL}


@dataclass
class Typist:
    """Presses one key after the other and counts them."""

    page: Page
    keys: int = 0
    answers: int = 0
    facts: int = 0
    left: dict[str, str] = field(default_factory=dict)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
        self.keys += times

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)

    @property
    def seconds(self) -> float:
        return self.keys * KEY + self.answers * DECISION + self.facts * LOOKUP


FOCUSED = """() => {
  const e = document.activeElement;
  const button = e.tagName === "BUTTON" ? `button:${e.textContent.trim()}` : "";
  return [e.name && e.tagName !== "BUTTON" ? e.name : button, e.type || "", e.value || ""];
}"""


def fill(typist: Typist, chart: dict[str, str]) -> None:
    """In the order in which Tab reaches the questions."""
    typist.left = dict(chart)
    typist.page.locator("#referral-form [name=emergency]").first.focus()
    tabs = 0
    while typist.left:
        name, kind, value = typist.page.evaluate(FOCUSED)
        wanted = typist.left.get(name)
        if wanted is not None and (kind != "checkbox" or value == wanted):
            del typist.left[name]
            tabs = 0
            answer(typist, name, kind, wanted)
            if name.endswith("-outcome") and f"trials-{int(name.split('-')[1]) + 1}-medication" in typist.left:
                add_line(typist, int(name.split("-")[1]) + 1)
                continue
        if not typist.left:
            return
        tabs += 1
        if tabs > MOST_TABS:
            raise SystemExit(f"Tab does not reach {', '.join(typist.left)}")
        typist.press("Tab")


def answer(typist: Typist, name: str, kind: str, wanted: str) -> None:
    typist.answers += 1
    typist.facts += not name.startswith(KNOWN)
    if kind == "radio":
        place = typist.page.locator(f"[name='{name}']").evaluate_all(
            "(all, v) => all.findIndex(e => e.value === v)", wanted
        )
        typist.press("ArrowDown", place) if place else typist.press("Space")
    elif kind == "checkbox":
        typist.press("Space")
    elif kind == "select-one":
        typist.type(typist.page.locator(f"[name='{name}'] option[value='{wanted}']").inner_text()[:3].lower())
    elif name.startswith("button:"):
        typist.press("Enter")
        typist.page.wait_for_function("() => !document.querySelector('form[aria-busy]')")
    else:
        typist.type(wanted)


def add_line(typist: Typist, row: int) -> None:
    """Enter in the last cell of a medication adds a line."""
    typist.press("Enter")
    typist.page.locator(f"[name='trials-{row}-medication']").wait_for()


def measure(browser: Browser, address: str, chart: dict[str, str]) -> tuple[Typist, int]:
    """The keys, and the height of the review in px. Stops if an answer was lost."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/refer")
    typist = Typist(page)
    fill(typist, chart)
    typist.press("Control+Enter")
    page.wait_for_url("**/refer/review*")
    review = page.locator("main").inner_text()
    if lost := [chart[name] for name in chart if name.endswith(READ_BACK) and chart[name] not in review]:
        raise SystemExit(f"the review lacks {', '.join(lost)}")
    return typist, page.evaluate("document.documentElement.scrollHeight")


def main() -> None:
    print(f"{'case':<10}{'keys':>6}{'answers':>9}{'facts':>7}{'minutes':>9}   review at 1280 px")
    with site() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, chart in CASES.items():
            typist, height = measure(browser, address, chart)
            counts = f"{typist.keys:>6}{typist.answers:>9}{typist.facts:>7}"
            print(f"{name:<10}{counts}{typist.seconds / 60:>9.1f}   {height:,} px high")
        browser.close()


if __name__ == "__main__":
    main()
