"""Medicines whose mention matters before ketamine, by generic and US brand name (general knowledge, 2026-11-23).

The names are for finding words in a list that somebody typed. The list is not complete and says so where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NAMES = {
    "maoi": """MAOI MAOIs phenelzine Nardil tranylcypromine Parnate isocarboxazid Marplan selegiline Emsam Eldepryl
        Zelapar rasagiline Azilect safinamide Xadago linezolid Zyvox moclobemide""",
    "stimulant": """stimulant stimulants psychostimulant psychostimulants amphetamine amphetamines Adderall Mydayis
        Evekeo Adzenys dextroamphetamine Dexedrine Zenzedi lisdexamfetamine Vyvanse methamphetamine Desoxyn
        methylphenidate Ritalin Concerta Daytrana Metadate Methylin Quillivant Jornay Cotempla Aptensio
        dexmethylphenidate Focalin serdexmethylphenidate Azstarys modafinil Provigil armodafinil Nuvigil""",
    "benzodiazepine": """benzodiazepine benzodiazepines benzo benzos alprazolam Xanax chlordiazepoxide Librium clobazam
        Onfi Sympazan clonazepam Klonopin clorazepate Tranxene diazepam Valium estazolam flurazepam lorazepam Ativan
        Loreev midazolam oxazepam quazepam Doral temazepam Restoril triazolam Halcion""",
    "opioid": """opioid opioids opiate opiates buprenorphine Suboxone Subutex Sublocade Brixadi Zubsolv Butrans Belbuca
        butorphanol codeine fentanyl Duragesic hydrocodone Vicodin Norco Lortab Hysingla hydromorphone Dilaudid
        levorphanol meperidine Demerol methadone Dolophine morphine Kadian oxycodone OxyContin Percocet Roxicodone
        Xtampza Endocet oxymorphone Opana pentazocine tapentadol Nucynta tramadol Ultram Ultracet""",
    "lamotrigine": "lamotrigine Lamictal Subvenite",
}
GROUP = {name.casefold(): group for group, names in NAMES.items() for name in names.split()}
WORD = re.compile(r"[^\W\d_]+")


def named_in(text: str) -> dict[str, tuple[str, ...]]:
    """Group to the words found, as they were typed, each once. Whole words only."""
    found: dict[str, dict[str, str]] = {}
    for group, word in _hits(text):
        found.setdefault(group, {}).setdefault(word.casefold(), word)
    return {group: tuple(words.values()) for group, words in found.items()}


def _hits(text: str) -> Iterator[tuple[str, str]]:
    for word in WORD.findall(text):
        if group := GROUP.get(word.casefold()):
            yield group, word
