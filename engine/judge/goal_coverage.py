"""Which parts of a goal a checklist asks about, and what is asked by rule about those it leaves out. Pure.

"The goal is met" means all of it: a model that takes a goal apart leaves things out, above all of long ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from .checklist import GOAL_LENGTH, MOST_REQUIREMENTS, Checklist, Requirement
from .checklist_rules import LINE_LENGTH, requirement_by_rule
from .language_words import Language, likely_languages
from .letters import comparable, unspaced, words_in
from .requirement_time import time_of
from .text_segmentation import Part, parts_of, split_text
from .words import clip_words

LONG_WORD = 5
"""Letters from which a word counts in a language whose small words are not listed here. Ours."""
MOST_LEFT = 1 / 3
"""Share of a part's characters that may be left out, in scripts without blanks between words. Ours."""
_SMALL_WORDS = frozenset(
    "a an the of in on at with and or to is are be by for from into onto over its it his her their this that there "
    "has have having as some i we you me us would like must should shall can very also just only exactly nice "
    "beautiful good great best high quality detailed stunning".split()
)
"""Words that ask for nothing that could be seen to be there or not."""
_WISH_WORDS = frozenset(
    "want need please show give make draw paint create generate render picture image photo photograph scene shot view "
    "see depicting showing shows clip video film footage animation".split()
)


def uncovered_parts(goal: str, requirements: Sequence[Requirement], clip: bool = False) -> list[Part]:
    """The parts of a goal that no requirement asks about, or not about all of their words. clip: whether a clip is
    judged; then words that say when are no part of what is asked."""
    languages = likely_languages(goal)
    pieces = [
        (requirement, [_words(span) for span in parts_of(requirement.span, at_and=True)])
        for requirement in requirements
    ]
    missing = []
    for part in split_text(goal, at_and=True):
        words = _words(time_of(part.text)[1] if clip else part.text)
        if not words:
            continue
        about = [r for r, spans in pieces if any(_holds(words, span) or _holds(span, words) for span in spans)]
        asked = {word for r in about for word in _words(f"{r.span} {r.text}")}
        if not _covers(asked, words, languages, whole=not about):
            missing.append(part)
    return missing


def cover_goal(checklist: Checklist, clip: bool = False) -> Checklist:
    """The checklist with a requirement made by rule for each part of its goal that it leaves out, as far as there is
    room; `uncovered` says what is not asked about. clip: as in uncovered_parts."""
    goal = checklist.goal
    languages = likely_languages(goal)
    requirements, uncovered = list(checklist.requirements), []
    for part in uncovered_parts(goal, requirements, clip):
        text = clip_words(_what_is_wished(part.text), LINE_LENGTH)
        if part.start >= GOAL_LENGTH or len(requirements) >= MOST_REQUIREMENTS:
            uncovered.append(text)
            continue
        requirements.append(requirement_by_rule(f"r{len(requirements) + 1}", text, "rule", languages, clip))
    return checklist.model_copy(update={"requirements": tuple(requirements), "uncovered": tuple(uncovered)})


def what_is_too_long(goal: str) -> str:
    """What of a goal cannot be judged whatever checklist is made of it, as a sentence; "" for nothing."""
    told = []
    parts = split_text(goal, at_and=True)
    if len(goal) > GOAL_LENGTH:
        told.append(f"Only the first {GOAL_LENGTH} of its {len(goal)} characters are judged.")
    within = sum(part.start < GOAL_LENGTH for part in parts)
    if within > MOST_REQUIREMENTS:
        told.append(f"It has about {within} parts, and at most {MOST_REQUIREMENTS} are judged.")
    return " ".join(told)


def not_judged(uncovered: Sequence[str]) -> str:
    """What of the goal no requirement asks about, as a sentence; "" for nothing."""
    if not uncovered:
        return ""
    named = ", ".join(f"\u201c{text}\u201d" for text in uncovered[:3])
    more = f", and {len(uncovered) - 3} more" if len(uncovered) > 3 else ""
    return f"Not judged, because the goal is too long: {named}{more}."


def _what_is_wished(text: str) -> str:
    """Without the words that only ask for a picture: "please show me a picture of a cat" wishes for a cat."""
    words = text.split()
    begun = next((n for n, word in enumerate(words) if comparable(word) not in _SMALL_WORDS | _WISH_WORDS), len(words))
    wishes = [n for n, word in enumerate(words[:begun]) if comparable(word) in _WISH_WORDS]
    if not wishes or begun == len(words):
        return text
    left = words[wishes[-1] + 1 :]
    return " ".join(left[1:] if left[0] == "of" else left)


def _words(text: str) -> list[str]:
    return [comparable(word) for word in words_in(text)]


def _holds(whole: Sequence[str], part: Sequence[str]) -> bool:
    """Whether the words of a part stand in the whole, one after the other."""
    return bool(part) and f" {' '.join(part)} " in f" {' '.join(whole)} "


def _covers(asked: set[str], words: Sequence[str], languages: frozenset[Language], whole: bool) -> bool:
    """Whether what is asked about holds the words of a part. whole: no requirement is about it at all."""
    left = [word for word in words if word not in asked]
    if any(unspaced(word[:1]) for word in words):
        return not left or (not whole and len(left) <= MOST_LEFT * len(words))
    if whole:
        return all(word in _SMALL_WORDS | _WISH_WORDS for word in left) if "en" in languages else not left
    if "en" in languages:
        return all(word in _SMALL_WORDS | _WISH_WORDS or _inflected(word, asked) for word in left)
    return all(len(word) < LONG_WORD and not word.isdigit() for word in left)


def _inflected(word: str, asked: set[str]) -> bool:
    """Whether the same word is asked about in another form: duck, ducks, sitting, sits."""
    stem = word[: max(3, len(word) - 4)]
    return word.isalpha() and any(other.isalpha() and other.startswith(stem) for other in asked)
