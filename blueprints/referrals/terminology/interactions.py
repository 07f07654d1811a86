"""Medicines that matter before ketamine, by generic and US brand name.

The list finds words in a text that somebody typed. It is not complete, and the assessment says so. Sources, searched on
2026-11-24: ketamine label text at rxreasoner.com/substances/ketamine/precautions and at
sit.mimsdev.com/philippines/drug/info/ketamax/drug-interactions (central nervous system depressants, including sedating
antihistamines and muscle relaxants; sympathomimetics; theophylline); for naltrexone, Williams and others 2018,
doi:10.1176/appi.ajp.2018.18020138. Which names belong to a group, and the groups of MAO inhibitors, stimulants,
benzodiazepines, opioids and lamotrigine, are from general knowledge (2026-11-23).
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
    "sympathomimetic": """sympathomimetic sympathomimetics decongestant decongestants phentermine Adipex Lomaira Qsymia
        phendimetrazine benzphetamine diethylpropion pseudoephedrine Sudafed phenylephrine ephedrine oxymetazoline Afrin
        midodrine droxidopa Northera""",
    "benzodiazepine": """benzodiazepine benzodiazepines benzo benzos alprazolam Xanax chlordiazepoxide Librium clobazam
        Onfi Sympazan clonazepam Klonopin clorazepate Tranxene diazepam Valium estazolam flurazepam lorazepam Ativan
        Loreev midazolam oxazepam quazepam Doral temazepam Restoril triazolam Halcion""",
    "opioid": """opioid opioids opiate opiates buprenorphine Suboxone Subutex Sublocade Brixadi Zubsolv Butrans Belbuca
        butorphanol codeine fentanyl Duragesic hydrocodone Vicodin Norco Lortab Hysingla hydromorphone Dilaudid
        levorphanol meperidine Demerol methadone Dolophine morphine Kadian oxycodone OxyContin Percocet Roxicodone
        Xtampza Endocet oxymorphone Opana pentazocine tapentadol Nucynta tramadol Ultram Ultracet""",
    "sedative": """sedative sedatives hypnotic hypnotics barbiturate barbiturates gabapentinoid gabapentinoids
        gabapentin Neurontin Gralise Horizant pregabalin Lyrica zolpidem Ambien Edluar Intermezzo eszopiclone Lunesta
        zaleplon Sonata suvorexant Belsomra lemborexant Dayvigo daridorexant Quviviq oxybate Xyrem Xywav Lumryz
        carisoprodol Soma cyclobenzaprine Flexeril Amrix tizanidine Zanaflex methocarbamol Robaxin metaxalone Skelaxin
        chlorzoxazone orphenadrine baclofen Lioresal Lyvispah phenobarbital primidone Mysoline butalbital Fioricet
        Fiorinal secobarbital Seconal pentobarbital meprobamate hydroxyzine Vistaril Atarax diphenhydramine Benadryl
        doxylamine Unisom promethazine Phenergan""",
    "lamotrigine": "lamotrigine Lamictal Subvenite",
    "naltrexone": "naltrexone Vivitrol Revia Contrave",
    "theophylline": "theophylline Theo Theochron Theolair Uniphyl Elixophyllin aminophylline",
}
GROUP = {name.casefold(): group for group, names in NAMES.items() for name in names.split()}
WORD = re.compile(r"[^\W\d_]+")


def named_in(text: str) -> dict[str, tuple[str, ...]]:
    """For each group, the words of it in the text, as typed, each once. Only whole words count."""
    found: dict[str, dict[str, str]] = {}
    for group, word in _hits(text):
        found.setdefault(group, {}).setdefault(word.casefold(), word)
    return {group: tuple(words.values()) for group, words in found.items()}


def _hits(text: str) -> Iterator[tuple[str, str]]:
    for word in WORD.findall(text):
        if group := GROUP.get(word.casefold()):
            yield group, word
