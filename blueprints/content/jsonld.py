"""Structured data for search engines: schema.org as JSON-LD. It claims nothing that the page does not."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from blueprints.content.library import Page
from blueprints.content.markup import CITATION
from core.clinic import Clinic

FAQ = "/faq"
QUESTION = re.compile(r"<h2[^>]*>(.*?)</h2>(.*?)(?=<h2|\Z)", re.DOTALL)


def graph(page: Page, clinic: Clinic, site_url: str) -> dict[str, Any]:
    address = f"{site_url}{page.path}"
    things = [_clinic(clinic, site_url), _page(page, address, site_url)]
    if page.path != "/":
        things.append(_breadcrumbs(page, address, site_url))
    if page.path == FAQ:
        things.append(_questions(page, address))
    return {"@context": "https://schema.org", "@graph": things}


def _clinic(clinic: Clinic, site_url: str) -> dict[str, Any]:
    """https://schema.org/MedicalClinic, without empty values."""
    thing = {
        "@type": "MedicalClinic",
        "@id": f"{site_url}/#clinic",
        "name": clinic.name,
        "url": f"{site_url}/",
        "medicalSpecialty": "https://schema.org/Psychiatric",
        "telephone": clinic.phone,
        "faxNumber": clinic.fax,
        "hasMap": clinic.map_link,
        "address": ", ".join(part for part in (clinic.place, clinic.street) if part),
    }
    return {name: value for name, value in thing.items() if value}


def _page(page: Page, address: str, site_url: str) -> dict[str, Any]:
    """https://schema.org/MedicalWebPage. Only a page that a clinician has reviewed says lastReviewed."""
    thing: dict[str, Any] = {
        "@type": "MedicalWebPage",
        "@id": address,
        "url": address,
        "name": page.title,
        "description": page.summary,
        "inLanguage": "en-US",
        "dateModified": page.reviewed_on.isoformat(),
        "publisher": {"@id": f"{site_url}/#clinic"},
    }
    if page.is_reviewed:
        thing |= {
            "lastReviewed": page.reviewed_on.isoformat(),
            "reviewedBy": {"@type": "Person", "name": page.reviewed_by},
        }
    return thing


def _breadcrumbs(page: Page, address: str, site_url: str) -> dict[str, Any]:
    steps = (("Home", f"{site_url}/"), (page.title, address))
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": where}
            for place, (name, where) in enumerate(steps, 1)
        ],
    }


def _questions(page: Page, address: str) -> dict[str, Any]:
    """https://schema.org/FAQPage: each heading is a question."""
    pairs = QUESTION.findall(CITATION.sub("", page.html))
    return {
        "@type": "FAQPage",
        "@id": f"{address}#questions",
        "mainEntity": [
            {
                "@type": "Question",
                "name": _words(question),
                "acceptedAnswer": {"@type": "Answer", "text": _words(answer)},
            }
            for question, answer in pairs
        ],
    }


def _words(html: str) -> str:
    return Markup(html).striptags()  # noqa: S704 - our own HTML, and the tags are stripped
