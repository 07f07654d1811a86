"""A referral as a FHIR R4 (4.0.1) transaction Bundle. Pure: no database, no request, no clock.

Says what the referral says and no more: unknown answers are left out, or carry a data-absent-reason where FHIR wants
the element. The full URLs depend on the reference alone, so the same referral exported twice is the same Bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from blueprints.referrals.details import read
from blueprints.referrals.fhir.findings import medication_statements, observations
from blueprints.referrals.fhir.types import (
    ABSENT,
    BCP_47,
    ICD_10_CM,
    NPI,
    NUCC,
    SNOMED_CT,
    TERMINOLOGY,
    Json,
    Refer,
    concept,
    noted,
    pruned,
    telecom,
)
from blueprints.referrals.lifecycle import states
from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.terminology import answers

NAMESPACE = UUID("0f1c4f0e-6a53-5d5b-9d0c-6f1f6f3a5c52")
"""Of the version 5 UUIDs (RFC 9562). Changing it would change every full URL."""

SPECIALTY_NUCC = {
    "psychiatry": "2084P0800X",
    "psychiatric_np": "363LP0808X",
    "family_medicine": "207Q00000X",
    "internal_medicine": "207R00000X",
    "psychologist": "103T00000X",
    "social_worker": "1041C0700X",
    "physician_assistant": "363A00000X",
}
"""Health Care Provider Taxonomy. A specialty that is not here goes by its words."""

INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"


def bundle(
    details: Mapping[str, Any],
    reference: str,
    received_at: datetime,
    warning: str = "",
    state: State = State.NEW,
    outcome: str = "",
) -> Json:
    """The Bundle, as it was received. `details` is ReferralDetails.as_json(), of any version; `received_at` is aware.
    `warning` is a note to whoever takes up the Task, whose status is that of `state` and, once closed, of `outcome`.
    Raises ValueError where `details` are none.

    Parts are created in one transaction: Patient, Practitioner, PractitionerRole, Organization, Condition, Coverage,
    Observation, MedicationStatement, ServiceRequest, Task, Provenance.
    """
    details = read(details).as_json()
    moment = received_at.astimezone(UTC).isoformat(timespec="seconds")

    def refer(part: str) -> Json:
        return {"reference": _url(reference, part)}

    parts = {part: resource for part, resource in _people(details, refer).items() if resource}
    findings = dict(observations(details, refer)) | dict(medication_statements(details, refer, moment))
    parts |= findings
    identifier = [{"value": reference}]
    parts["request"] = {"identifier": identifier, **_service_request(details, parts, list(findings), refer, moment)}
    provenance = _provenance(details, list(parts), refer, moment)
    parts["task"] = {"identifier": identifier, **_task(details, refer, moment, warning), **_progress(state, outcome)}
    parts["provenance"] = provenance
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [_entry(reference, *part) for part in parts.items()],
    }


def _url(reference: str, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE, f'{reference}/{part}')}"


def _entry(reference: str, part: str, resource: Json) -> Json:
    # The type comes first, as everybody writes it.
    resource = {"resourceType": resource["resourceType"], **pruned(resource)}
    request = {"method": "POST", "url": resource["resourceType"]}
    return {"fullUrl": _url(reference, part), "resource": resource, "request": request}


def _people(details: Mapping[str, Any], refer: Refer) -> dict[str, Json | None]:
    """Who it is about and who sends it, with what the referral has: the practice, the diagnosis, the insurance."""
    return {
        "patient": _patient(details),
        "practitioner": _practitioner(details),
        "organization": _organization(details),
        "role": _role(details, refer),
        "condition": _condition(details, refer),
        "coverage": _coverage(details, refer),
    }


def _patient(details: Mapping[str, Any]) -> Json:
    language = details["patient_language"]
    official = {"family": details["patient_family_name"], "given": [details["patient_given_name"]]}
    usual = {"use": "usual", "given": [details["patient_preferred_name"]]}
    spoken = {"coding": [{"system": BCP_47, "code": language}], "text": answers.LANGUAGE.get(language)}
    return {
        "resourceType": "Patient",
        # Nobody said that no interpreter is needed: the form has one box, and it may have been overlooked.
        "extension": [{"url": INTERPRETER, "valueBoolean": True}] if details["patient_interpreter"] else [],
        "name": [
            {"use": "official", **official} if any(map(str.strip, (*official["given"], official["family"]))) else None,
            usual if details["patient_preferred_name"].strip() else None,
        ],
        "telecom": [telecom("phone", details["patient_phone"]), telecom("email", details["patient_email"])],
        "gender": details["patient_sex"],
        "birthDate": details["patient_birth_date"],
        "address": [{"postalCode": details["patient_postal_code"]}],
        "communication": [{"language": spoken, "preferred": True}] if language else [],
    }


def _practitioner(details: Mapping[str, Any]) -> Json:
    npi = details["referrer_npi"]
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": NPI, "value": npi}] if npi else [],
        "name": [
            {
                "family": details["referrer_family_name"],
                "given": [details["referrer_given_name"]],
                "suffix": [details["referrer_credentials"]],
            }
        ],
    }


def _organization(details: Mapping[str, Any]) -> Json | None:
    name = details["referrer_organization"]
    return {"resourceType": "Organization", "name": name} if name.strip() else None


def _role(details: Mapping[str, Any], refer: Refer) -> Json:
    specialty = details["referrer_specialty"]
    return {
        "resourceType": "PractitionerRole",
        "practitioner": refer("practitioner"),
        "organization": refer("organization") if _organization(details) else None,
        "specialty": [concept(answers.SPECIALTY.get(specialty, specialty), NUCC, SPECIALTY_NUCC.get(specialty))],
        "telecom": [
            telecom("phone", details["referrer_phone"], "work"),
            telecom("fax", details["referrer_fax"], "work"),
            telecom("email", details["referrer_email"], "work"),
        ],
    }


def _condition(details: Mapping[str, Any], refer: Refer) -> Json | None:
    """The diagnosis. Clinical and verification status are not asked, so they are not said."""
    code, title = details["diagnosis_code"], details["diagnosis_title"]
    if not code and not title.strip():
        return None
    return {
        "resourceType": "Condition",
        "category": [concept("", TERMINOLOGY + "condition-category", "encounter-diagnosis")],
        "code": concept(title, ICD_10_CM, code),
        "subject": refer("patient"),
        "asserter": refer("role"),
    }


def _coverage(details: Mapping[str, Any], refer: Refer) -> Json | None:
    payer, member = details["insurance_payer"].strip(), details["insurance_member_id"].strip()
    if not payer and not member:
        return None
    return {
        "resourceType": "Coverage",
        "status": "active",
        "subscriberId": member,
        "beneficiary": refer("patient"),
        "payor": [{"display": payer} if payer else ABSENT],
    }


def _service_request(
    details: Mapping[str, Any], parts: Mapping[str, Json], findings: list[str], refer: Refer, moment: str
) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "category": [concept("Patient referral", SNOMED_CT, "3457005")],
        "priority": details["priority"],
        "code": concept("Referral to service", SNOMED_CT, "306206005"),
        "orderDetail": [concept(answers.SERVICE.get(name, name)) for name in details["service_requested"]],
        "subject": refer("patient"),
        "authoredOn": moment,
        "requester": refer("role"),
        "reasonReference": [refer("condition")] if "condition" in parts else [],
        "insurance": [refer("coverage")] if "coverage" in parts else [],
        "supportingInfo": [refer(part) for part in findings],
        "note": _notes(details),
    }


def _notes(details: Mapping[str, Any]) -> list[Json | None]:
    handoff = details["urgent_handoff"]
    return [
        noted("Why it is urgent", details["priority_reason"]),
        noted("Arranged for today", answers.URGENT_HANDOFF.get(handoff, handoff)),
        noted("Other diagnoses", details["other_diagnoses"]),
        noted("Medications tried", "none known" if details["no_trials_known"] else ""),
        noted("Earlier treatment", details["history_details"]),
        noted("Current medications", details["current_medications"]),
        noted("Allergies", details["allergies"]),
        noted("Clinical summary", details["clinical_summary"]),
        noted("Answered No together", "; ".join(answers.SAFETY.get(n, n) for n in details["answered_together"])),
    ]


def _task(details: Mapping[str, Any], refer: Refer, moment: str, warning: str) -> Json:
    """What the center is asked to do."""
    return {
        "resourceType": "Task",
        "intent": "order",
        "priority": details["priority"],
        "focus": refer("request"),
        "for": refer("patient"),
        "authoredOn": moment,
        "requester": refer("role"),
        "note": [noted("Warning", warning)],
    }


def _progress(state: State, outcome: str) -> Json:
    """How far it is, by the table of the states (lifecycle/states.py). Nothing about why."""
    meaning = states.meaning_of(state, outcome)
    code = [{"code": meaning.business_status}] if meaning.business_status else []
    return {
        "status": meaning.fhir,
        "statusReason": concept("Waiting for an answer from the referrer") if state is State.WAITING else None,
        "businessStatus": {"coding": code, "text": meaning.label},
    }


def _provenance(details: Mapping[str, Any], targets: list[str], refer: Refer, moment: str) -> Json:
    """The referrer is the author of everything; whoever filled in the form for them entered it."""
    kinds, typist = TERMINOLOGY + "provenance-participant-type", details["submitted_by"].strip()
    author = {"type": concept("Author", kinds, "author"), "who": refer("role")}
    enterer = {"type": concept("Enterer", kinds, "enterer"), "who": {"display": typist}, "onBehalfOf": refer("role")}
    return {
        "resourceType": "Provenance",
        "target": [refer(part) for part in targets],
        "recorded": moment,
        "agent": [author, enterer] if typist else [author],
    }
