"""Answers that are chosen, not typed: the value that is stored, and the words that are shown."""

YES_NO = {"yes": "Yes", "no": "No"}
YES_NO_UNKNOWN = {"yes": "Yes", "no": "No", "unknown": "Not known"}
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
