"""FHIR R4 data types, as plain dicts: codes, quantities, contact points, and how what is not known is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Refer = Callable[[str], Json]
"""From the name of a part of the bundle to a Reference to it."""

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
NPI = "http://hl7.org/fhir/sid/us-npi"
NUCC = "http://nucc.org/provider-taxonomy"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED_CT = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
BCP_47 = "urn:ietf:bcp:47"

DATA_ABSENT = TERMINOLOGY + "data-absent-reason"
ABSENT: Json = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
"""Stands where FHIR wants an element that the referral does not have."""


def concept(text: str, system: str | None = None, code: str | None = None) -> Json:
    """CodeableConcept: our words, and a code if there is one."""
    return {"coding": [{"system": system, "code": code}] if code else [], "text": text}


def quantity(value: float | None, unit: str, code: str) -> Json | None:
    """Quantity with its UCUM code; None for no value."""
    return None if value is None else {"value": value, "unit": unit, "system": UCUM, "code": code}


def telecom(system: str, value: str, use: str | None = None) -> Json | None:
    """ContactPoint. RFC 3966's ;ext= becomes the words that FHIR allows beside an E.164 number."""
    return {"system": system, "value": value.replace(";ext=", " ext. "), "use": use} if value else None


def noted(label: str, text: str) -> Json | None:
    """Annotation, which says what it is about."""
    return {"text": f"{label}: {text}"} if text.strip() else None


def pruned(value: Any) -> Any:
    """Without what is None, blank or empty: FHIR has no empty elements. 0 and False stay."""
    if isinstance(value, dict):
        kept = ((name, pruned(part)) for name, part in value.items())
        return {name: part for name, part in kept if not _empty(part)}
    if isinstance(value, list):
        return [part for part in map(pruned, value) if not _empty(part)]
    return value


def _empty(value: Any) -> bool:
    return value is None or value in ({}, []) or (isinstance(value, str) and not value.strip())
