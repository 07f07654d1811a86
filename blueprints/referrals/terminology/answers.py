"""Answers chosen from a list: the value that is stored and the words that are shown."""

YES_NO = {"yes": "Yes", "no": "No"}
YES_NO_UNKNOWN = {"yes": "Yes", "no": "No", "unknown": "Not known"}
WEIGHT_UNIT = {"lb": "lb", "kg": "kg"}
PREGNANCY = {**YES_NO_UNKNOWN, "not_applicable": "Does not apply"}
SEX = {"female": "Female", "male": "Male", "unknown": "Not known"}

SPECIALTY = {
    "psychiatry": "Psychiatry",
    "psychiatric_np": "Psychiatric nurse practitioner",
    "family_medicine": "Family medicine",
    "internal_medicine": "Internal medicine",
    "psychologist": "Psychologist",
    "social_worker": "Clinical social worker",
    "physician_assistant": "Physician assistant",
    "emergency_medicine": "Emergency medicine",
    "pain_medicine": "Pain medicine",
    "other": "Another specialty",
}

SERVICE = {
    "spravato": "Spravato (esketamine) nasal spray",
    "iv_ketamine": "Ketamine infusion (IV)",
    "im_ketamine": "Ketamine injection (IM)",
    "clinic_to_advise": "The center should advise",
}

PRIORITY = {"routine": "Routine", "urgent": "Urgent"}

PHQ9_ITEM9 = {
    "0": "0, not at all",
    "1": "1, several days",
    "2": "2, more than half the days",
    "3": "3, nearly every day",
}

OUTCOME = {
    "none": "No improvement",
    "partial": "Some improvement, less than half",
    "response_lost": "It helped, then stopped helping",
    "intolerant": "Stopped for side effects",
    "unknown": "Not known",
}

SAFETY = {
    "aneurysmal_disease": "Aneurysm, of the aorta, the brain or another artery",
    "arteriovenous_malformation": "Arteriovenous malformation",
    "intracerebral_hemorrhage": "Bleeding in the brain, ever",
    "ketamine_hypersensitivity": "Allergy to ketamine or esketamine",
    "uncontrolled_hypertension": "High blood pressure that is not controlled",
    "recent_cardiovascular_event": "Heart attack or stroke in the last 6 months, or unstable heart disease",
    "psychosis": "Psychosis, now or before",
    "mania": "Mania or hypomania, now or before",
    "pregnancy": "Pregnant, planning a pregnancy, or breastfeeding",
    "substance_use_disorder": "Substance use disorder, now",
    "severe_liver_disease": "Severe liver disease",
    "bladder_disease": "Bladder disease, such as interstitial cystitis",
    "sleep_apnea": "Sleep apnea",
    "intracranial_pressure": "Raised pressure inside the skull",
    "glaucoma": "Glaucoma or raised eye pressure",
    "seizures": "Seizures that are not controlled",
    "severe_lung_disease": "Severe lung disease",
    "thyroid_disease": "Overactive thyroid, not treated",
    "dementia": "Dementia",
}

CONTRAINDICATIONS = (
    "aneurysmal_disease",
    "arteriovenous_malformation",
    "intracerebral_hemorrhage",
    "ketamine_hypersensitivity",
)
"""Spravato's label names these four. Each is answered by itself."""

SUICIDE_RISK = {
    "none_known": "No risk known",
    "low": "Low",
    "moderate": "Moderate",
    "high": "High",
    "not_assessed": "Not assessed",
}

URGENT_HANDOFF = {
    "emergency_care_arranged": "Emergency or same-day psychiatric care is arranged",
    "calling_clinic_now": "I am calling the center now",
}

LANGUAGE = {
    "en": "English",
    "es": "Spanish",
    "hy": "Armenian",
    "ar": "Arabic",
    "yue": "Chinese (Cantonese)",
    "cmn": "Chinese (Mandarin)",
    "fr": "French",
    "de": "German",
    "he": "Hebrew",
    "hi": "Hindi",
    "ja": "Japanese",
    "km": "Khmer",
    "ko": "Korean",
    "fa": "Persian (Farsi)",
    "pt": "Portuguese",
    "pa": "Punjabi",
    "ru": "Russian",
    "tl": "Tagalog",
    "th": "Thai",
    "vi": "Vietnamese",
    "ase": "American Sign Language",
    "und": "Another language",
}
