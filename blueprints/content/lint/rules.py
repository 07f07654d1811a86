"""Statements that no page may make, each with the words to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

NOTHING = re.compile(r"(?!)")
MEDICINES = (
    r"(?:pills?|medicines?|medications?|meds|drugs|antidepressants?|SSRIs?|SNRIs?|tablets|prescriptions?|Prozac)"
)
KETAMINE = r"(?:ketamine|infusions?|injections?)"
ANY_OF_THEM = r"(?:it|this|that|they|ketamine|esketamine|spravato|treatments?|therapy|infusions?|injections?|the spray)"
APPROVED = r"(?:approv(?:ed|al|es)|cleared|clearance|licensed|on-label)"
NOT_OF_SPRAVATO = r"(?:(?!spravato|esketamine)[^.])*?"
OTHERS = r"(?:PTSD|OCD|anxiety|bipolar|pain|addiction|children|teens?|teenagers|adolescents|everyone|anyone|all adults)"
EVERYONE = r"(?:everyone|everybody|anyone|(?:every|any) patient|all (?:patients|people|adults))"
IS = r"(?:(?:is|are|was|were|be|been)|(?:it|that|they)[’'](?:s|re))"
VERY = r"(?:very|completely|perfectly|totally|entirely|absolutely|extremely|generally|always|so|proven|100 ?%)"
CANNOT = r"(?:cannot|can[’']t|can not|won[’']t|will not|never|do(?:es)?n[’']t|do(?:es)? not)"
DOSE_WORDS = r"(?:mg|ml|milligrams?|sprays?|puffs?|lozenges?)"
OF_THE_UNBORN = r"(?:pregnan\w+|breast-?feed\w*|nursing|unborn)"


@dataclass(frozen=True)
class Rule:
    """`says` is searched in each clause and counts unless the clause denies it; `unless`, in the sentence."""

    instead: str
    says: re.Pattern[str]
    unless: re.Pattern[str] = NOTHING
    is_denial: bool = False
    """It forbids a denial (“not addictive”), so that a “not” excuses nothing."""
    may_ask: bool = True
    """A question may contain it: “Is it addictive?”"""
    may_quote: bool = False
    """Words in quotation marks may contain it, in a sentence with a source or a year."""


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


RULES = (
    Rule(
        "is wrong: for depression FDA approved Spravato only. Write “off-label” for ketamine",
        any_of(
            rf"\bFDA[- ](?:approved|cleared) (?:[\w-]+ ){{0,2}}?{KETAMINE}\b",
            rf"\b{KETAMINE}\b{NOT_OF_SPRAVATO}\b{APPROVED}\b",
            rf"\b{APPROVED}\b{NOT_OF_SPRAVATO}\b{KETAMINE}\b",
        ),
        unless=any_of(r"\banesth", r"\bsurg", r"\boff-label", r"\bcompound", r"\binsur", r"\bpharmac", r"\bmy plan\b"),
    ),
    Rule(
        "is wrong: Spravato is approved for some adults with depression. Name only that",
        any_of(rf"\b(?:spravato|esketamine)\b[^.]*\b{APPROVED}\b[^.]*\b{OTHERS}\b"),
    ),
    Rule(
        "was not shown: write “not shown to prevent suicide”, or how long thoughts of suicide eased, with the source",
        any_of(
            r"\b(?:prevent|stop|end|avert|eliminat|avoid|reduc|cut|lower|protect)\w*\b(?! off)[^.,]{0,40}"
            r"\b(?:suicid(?:e|es|al)|self-harm)\b",
            r"\b(?:life-saving|saves? lives)\b",
            r"\bsuicides? (?:risk |rates? )?(?:is|are|was|were|becomes?) (?:prevented|lower|less|rarer|stopped)",
        ),
        # Fewer thoughts for a while is what trials found; the two older medicines were studied for suicide itself.
        unless=any_of(
            r"\b(?:clozapine|lithium)\b.*\[@",
            r"\b(?:reduc|cut|lower)\w*\b[^.]*\bthoughts\b[^.]*\b(?:hours|days?|weeks?)\b",
        ),
    ),
    Rule(
        "goes too far: write that it does not replace other care, and that the prescriber decides",
        any_of(
            r"\b(?:tak(?:e|es|ing) the place of|replac(?:e|es|ing)|substitutes? for|instead of|in place of"
            r"|free (?:you )?(?:of|from)|get(?:s|ting)? (?:you |people )?off)\b"
            rf"[^.]*\b(?:{MEDICINES}|talk therapy|hospital|crisis care|other (?:care|treatment))\b",
            rf"\b(?:no longer|don[’']t|do not|won[’']t|never) need (?:\w+ ){{0,3}}?{MEDICINES}\b",
            rf"\bno (?:more )?need (?:for|to take) (?:\w+ ){{0,3}}?{MEDICINES}\b",
        ),
    ),
    Rule(
        "tells people to stop a medicine: write “Do not stop a medicine unless its prescriber tells you to”",
        any_of(
            r"\b(?:stop|quit|skip|drop|discontinue|come off|go off|get off|wean (?:yourself )?off|give up"
            rf"|throw (?:away|out)) (?:taking |using )?(?:\w+ ){{0,3}}?{MEDICINES}\b",
        ),
        unless=any_of(r"\b(?:before|unless|if|when|who|people) (?:\w+ ){0,3}(?:stop|quit|skip|discontinue|come off)\b"),
        may_ask=False,
    ),
    Rule(
        "is wrong: both can be misused and are controlled substances. Say so, with the source",
        any_of(
            r"\bnot (?:\w+ )?(?:addictive|habit[- ]forming)\b",
            r"\bnon-?addictive",
            r"n[’']t (?:\w+ )?(?:addictive|habit[- ]forming)\b",
            r"\b(?:no|without|zero|free of)(?: any)?(?: (?:risk|danger|chance|fear) of)?"
            r" (?:addiction|dependen\w+|misuse|withdrawal)\b",
            rf"\b{CANNOT} (?:be|become|get|make \w+|cause|lead to) (?:\w+ )?(?:addict\w*|dependen\w+|hooked)\b",
        ),
        unless=any_of(r"\b(?:not|n[’']t) mean\b", r"\bnot known\b", r"\bnot everyone\b"),
        is_denial=True,
    ),
    Rule(
        "is wrong: every treatment has risks. Name the main ones, or link to /safety",
        any_of(
            r"\b(?:no|zero|without(?: any)?) (?:(?:serious|known|real|lasting|long-term|bad|major) )?"
            r"(?:side[- ]effects?|risks?|downsides?)\b",
            r"\b(?:risk|side[- ]effect)s?[- ]free\b",
            r"\bfree (?:of|from) (?:risks?|side effects)\b",
            r"\bharmless\b",
            r"\bnothing to lose\b",
            rf"\b{CANNOT} (?:have|has|cause|carry) (?:any )?(?:risks?|side effects|harm)\b",
        ),
        unless=any_of(
            r"n[’']t mean\b",
            r"\b(?:no|not|nothing|none|never)\b[^.]*\b(?:free of|harmless|without|risk-free|mean)\b",
            r"\bmeans? no\b",
        ),
        is_denial=True,
    ),
    Rule(
        "promises too much: say which risks, or under whose watch it is thought safe enough",
        any_of(
            rf"\b{IS} (?:{VERY} )?safe(?:ly|r|st)?\b",
            rf"\b{VERY} safe(?:ly)?\b",
            r"\bsafe(?:r|st)?(?:,| and| or|, and) (?:effective|gentle|proven|fast|natural|legal|reliable)",
            r"\bsafe(?:r|st)? (?:treatments?|therap\w+|medicines?|medications?|options?|choices?|alternatives?)\b",
            r"\bsafe(?:r|st)? (?:for|in|than|with)\b",
            rf"\b(?:{ANY_OF_THEM}|works?|used|given|relief) safely\b",
            r"^\s*(?:safe|safer|safest|safely)\b",
        ),
        unless=any_of(
            r"\bsafe(?:ly)? (?:enough|only)\b",
            r"\bsafe(?:ly)?\b[^.]*\b(?:when|if|while|because|as long as|where)\b"
            r"[^.]*\b(?:watch|staff|monitor|clinician|trained|label)",
            r"\bhow safe\b",
            r"\b(?:if|until|when|sure) (?:that )?(?:it|this|that|you|they|treatment)"
            r"(?:[’'](?:s|re)| is| are| feel)? safe\b",
            r"\bkeep\b[^.]*\bsafe\b",
            r"\bsafe (?:place|ride|trip|way home|at home from)\b",
        ),
    ),
    Rule(
        "promises too much: say what the study found, and for how many",
        any_of(
            *(r"\bbreakthrough", r"\bcur(?:e|es|ed|ing)\b", r"\bmirac(?:le|ulous)", r"\bguarantee", r"\bproven\b"),
            *(r"\bgame[- ]chang", r"\brevolution(?:ary|iz)", r"\bwonder drug", r"\bmagic\b", r"\binstant(?:ly)?\b"),
            *(r"\bpermanent(?:ly)?\b(?! marker)", r"\bpainless", r"\bpress 3\b"),
        ),
        may_quote=True,
    ),
    Rule(
        "promises too much: write “some people”, and what happened to the others",
        any_of(
            rf"\b(?:works?|worked|helps?|helped|effective) (?:\w+ )?(?:for |in )?{EVERYONE}\b",
            r"\b(?:everyone|everybody|every patient|all patients) (?:who \w+ (?:it )?)?"
            r"(?:responds?|gets? better|improves?|feels? better|recovers?)\b",
            r"\balways (?:works?|helps?)\b",
            r"\b(?:works?|helps?) every time\b",
            r"\bnever (?:be|feel) depressed\b",
            r"\bnever fails\b",
            rf"\b{ANY_OF_THEM} will (?:\w+ )?(?:work|help|lift|relieve|heal|end|make you)\b",
            r"\byou(?: will|[’']ll) (?:feel|get|be) (?:better|well|happy|happier|free|yourself)\b",
            r"\bwe promise\b",
            r"\bdepression (?:is|will be) gone\b",
            r"\b(?:depression|it) (?:never|won[’']t|will not) (?:comes?|come) back\b",
        ),
    ),
    Rule(
        "compares without a trial: name the trial that compared them and what it found, or write that it is not known",
        any_of(
            r"\b(?:most|more) effective (?:treatment|therapy|medicine|than)\b",
            r"\b(?:better|faster|stronger|more powerful) than (?:\w+ )?"
            r"(?:antidepressants|other treatments?|anything|any|all|pills|medicines?|TMS|ECT|spravato|ketamine"
            r"|infusions)\b",
            *(
                r"\bsuperior to\b",
                r"\bbest treatment\b",
                r"\bgold standard\b",
                r"\bnumber one\b",
                r"\bunlike any other\b",
            ),
        ),
        unless=any_of(r"\[@", r"\bin (?:one|two|a) (?:\w+ )?(?:trial|study)\b"),
    ),
    Rule(
        "reads as an instruction: say what a study gave or the label states, with its source; the prescriber decides",
        any_of(
            r"\b(?:take|use|inject|inhale|swallow|increase|double|raise|try|ask for|give|infuse|start (?:with|at))\b"
            rf"[^.]{{0,30}}?\b\d[\d.]*\s?{DOSE_WORDS}\b",
            r"\b(?:double|increase|raise|lower|split|adjust) (?:your|the) (?:next )?dose\b(?! (?:can|may))",
            rf"\b(?:take|use) (?:an? )?(?:extra|second|another|more) (?:dose|{DOSE_WORDS})\b",
        ),
    ),
    Rule(
        "is dangerous: nobody may drive or use machines until the next day, after a night’s sleep. Write that",
        any_of(
            r"\bdriv(?:e|es|ing)\b(?! (?:you|people|the patient|them|him|her|up|down|blood)\b)",
            r"\b(?:operate|run|use) (?:heavy )?machin",
            r"\b(?:go|get) home (?:alone|by yourself|on your own|by car)\b",
            r"\bbehind the wheel\b",
            r"\b(?:go(?:ing)?|get(?:ting)?|return) (?:straight |right )?(?:back )?to work\b",
        ),
        unless=any_of(
            *(r"\buntil\b", r"\bnext day\b", r"\bafter (?:a|one) (?:good )?night", r"\bride\b"),
            r"\b(?:someone|somebody|adult|friend|family|else|who (?:can|will))\b[^.]*\bdriv",
        ),
    ),
    Rule(
        "is dangerous: nobody may drive or use machines until the next day, after a night’s sleep. Write that",
        any_of(r"\bno (?:driving )?restrictions\b", r"\bno need for a ride\b"),
        is_denial=True,
    ),
    Rule(
        "is wrong: it may harm an unborn child and is not advised while breastfeeding. Write that, with the source",
        any_of(
            rf"\b(?:safe|safely|fine|okay|ok|all right|harmless)\b[^.]*\b{OF_THE_UNBORN}\b",
            rf"\bcan (?:have|get|take|use|start)\b[^.]*\b{OF_THE_UNBORN}\b",
            r"\bcan (?:safely |still )?(?:breast-?feed|nurse)\b",
            rf"\b{OF_THE_UNBORN}\b[^.]*\b(?:safe|fine|okay|ok|harmless|(?:women|people|mothers) can)\b",
        ),
    ),
    Rule(
        "is wrong: it may harm an unborn child. Write that, with the source",
        any_of(rf"\b{CANNOT} harm (?:\w+ )?(?:unborn|bab(?:y|ies)|fetus|pregnan)"),
        is_denial=True,
    ),
)
