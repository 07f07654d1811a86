"""Why a referral is declined or returned: coded reasons under five headings, each with what the referrer is told."""

from __future__ import annotations

from dataclasses import dataclass

MORE_NEEDED = "More information is needed"
OTHER_SERVICE = "Another service fits better"
FIRST = "Something else comes first"
NO_VISIT = "No visit is needed"
OTHER = "Another reason"
HEADINGS = (MORE_NEEDED, OTHER_SERVICE, FIRST, NO_VISIT, OTHER)


@dataclass(frozen=True)
class Reason:
    code: str
    heading: str
    label: str
    """For staff, in a list of choices."""
    sentence: str
    """For the referrer: why."""
    alternatives: str
    """What can be done instead; "" if there is nothing general to say."""
    again_when: str
    """Completes "You may refer again when …"; "" if referring again would change nothing."""


REASONS: tuple[Reason, ...] = (
    Reason(
        "incomplete",
        MORE_NEEDED,
        "Still incomplete after 21 days",
        "We asked for more information and could not decide without it.",
        "",
        "the missing answers are at hand",
    ),
    Reason(
        "not_a_clinician",
        MORE_NEEDED,
        "Not sent by a clinician",
        "The center needs a referral from a clinician who treats the patient.",
        "A primary care clinician, psychiatrist or psychiatric nurse practitioner can refer.",
        "a treating clinician sends the referral",
    ),
    Reason(
        "consent",
        MORE_NEEDED,
        "Consent or capacity to consent is lacking",
        "The patient has not agreed, or cannot agree now, to this referral.",
        "A person who may decide for the patient can be involved.",
        "the patient, or whoever may decide for the patient, agrees",
    ),
    Reason(
        "indication",
        OTHER_SERVICE,
        "The center does not treat this condition",
        "The center does not offer treatment for this condition.",
        "A clinic that treats this condition is the better place.",
        "depression becomes the main reason for treatment",
    ),
    Reason(
        "higher_care",
        OTHER_SERVICE,
        "Needs a higher level of care",
        "The patient needs more intensive care than an outpatient clinic can give.",
        "An emergency department, a hospital, or a service for electroconvulsive therapy.",
        "the patient is stable enough for outpatient care",
    ),
    Reason(
        "under_18",
        OTHER_SERVICE,
        "Younger than 18",
        "The center treats adults only.",
        "A child and adolescent psychiatry service.",
        "the patient is 18",
    ),
    Reason(
        "out_of_area",
        OTHER_SERVICE,
        "Out of the area or the plan's network",
        "The center is too far away for repeated visits, or outside the patient's plan.",
        "A center near the patient or in the plan's network; Spravato's website lists certified centers.",
        "the patient can come to repeated visits here or the plan covers them",
    ),
    Reason(
        "capacity",
        OTHER_SERVICE,
        "No free place soon enough",
        "The center has no free place within a time that is right for this patient.",
        "Other centers nearby; Spravato's website lists certified centers.",
        "the center says that it has places again",
    ),
    Reason(
        "contraindication",
        FIRST,
        "A contraindication",
        "An answer in the referral names a condition in which this treatment must not be given.",
        "Other treatments for depression, such as magnetic stimulation, electroconvulsive therapy or psychotherapy.",
        "a specialist has ruled out the condition in writing",
    ),
    Reason(
        "medical_instability",
        FIRST,
        "Not medically stable",
        "A medical condition needs treatment before sedation and a rise in blood pressure are safe.",
        "Primary care, or the specialist for that condition.",
        "the condition is controlled, with recent readings",
    ),
    Reason(
        "psychosis_mania",
        FIRST,
        "Psychosis or mania now",
        "Psychosis or mania needs treatment first, because this treatment can make it worse.",
        "A psychiatric service, urgently if there is danger.",
        "the symptoms have been gone for a while under treatment",
    ),
    Reason(
        "substance_use",
        FIRST,
        "A substance use disorder comes first",
        "A substance use disorder that is active now needs treatment first.",
        "A program for substance use, or a clinic for both conditions.",
        "treatment is under way and the clinician there agrees",
    ),
    Reason(
        "pregnancy",
        FIRST,
        "Pregnancy or breastfeeding",
        "This treatment is not advised during pregnancy or breastfeeding.",
        "A perinatal psychiatry service; other treatments for depression.",
        "pregnancy and breastfeeding are over",
    ),
    Reason(
        "not_resistant",
        FIRST,
        "Not enough medicines tried",
        "The referral does not show enough antidepressant trials of adequate dose and length.",
        "Complete the trials that are named below, or write to us if they happened and are not listed.",
        "the trials that are missing are complete or documented",
    ),
    Reason(
        "patient_declined",
        NO_VISIT,
        "The patient does not want it",
        "The patient told the center that they do not want this treatment now.",
        "The patient's other treatment goes on as it is.",
        "the patient wants it",
    ),
    Reason(
        "not_reached",
        NO_VISIT,
        "The patient could not be reached",
        "The center tried several times and could not reach the patient.",
        "Please check the phone number with the patient.",
        "the patient can be reached",
    ),
    Reason(
        "duplicate",
        NO_VISIT,
        "A duplicate",
        "The center already works on another referral for this patient.",
        "Nothing is lost: the other referral goes on.",
        "",
    ),
    Reason(
        "payment",
        OTHER,
        "Not covered, and self-pay declined",
        "The insurance does not cover the treatment, and the patient does not want to pay for it.",
        "An appeal to the plan; other treatments that it covers.",
        "the plan approves it or the patient wants to pay",
    ),
    Reason("other", OTHER, "Another reason, in words", "", "", ""),
)
BY_CODE = {reason.code: reason for reason in REASONS}
NEEDS_WORDS = ("other",)
"""Reasons that say nothing without words of the clinician's own."""
