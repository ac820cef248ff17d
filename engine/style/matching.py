"""Which installed LoRA a name, a style or a prompt means. Scores are 0 to 1, made as the docstrings say."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .catalogue import Style
from .detection import TIE
from .header_notes import GENERIC, distinctive_phrases
from .installed import LoraFile
from .phrases import contains, phrase

EXACT, TRIGGER, WORDS_OF_A_NAME, WORDS_IN_A_PROMPT = 1.0, 0.5, 0.85, 0.5
COMMON_SHARE, COMMON_FILES = 0.05, 3
"""A word in more than this share of the files, and in more than so many, says nothing about any of them
(docs/design-notes.md, 11.3)."""
_EMPTY_WORDS = frozenset(
    "a an and at bf16 by dev final flux flux1 flux2 for fp16 in is it lora lycoris model of on or rank sd sd15 sdxl "
    "style test the to v version with xl".split()
)
_VERSION = re.compile(r"v?\d+[a-z]?|rank\d+|epoch\d*|step\d*")


@dataclass(frozen=True)
class Match:
    """why: for the report, as the end of a sentence "chosen because ..."."""

    file: LoraFile
    score: float
    why: str


class Corpus:
    """How rare each word is among the names of all installed files."""

    def __init__(self, files: Sequence[LoraFile]) -> None:
        self._files = len(files)
        self._counts = Counter(word for file in files for word in file.own_words)

    def weight(self, word: str) -> float:
        """The word's inverse document frequency; 0 for a common word, a version number and the like."""
        count = self._counts[word]
        if word in _EMPTY_WORDS or word in GENERIC or _VERSION.fullmatch(word):
            return 0.0
        if count > max(COMMON_FILES, COMMON_SHARE * self._files):
            return 0.0
        return math.log(1 + self._files / max(1, count))

    def share(self, part: Iterable[str], whole: Iterable[str]) -> float:
        """How much of the weight of `whole` lies on words that are in `part` too."""
        every, here = set(whole), set(part)
        total = sum(map(self.weight, every))
        return sum(map(self.weight, every & here)) / total if total else 0.0


def match_name(name: str, files: Sequence[LoraFile]) -> list[Match]:
    """For a name that somebody wrote. 1: it is the file's path, name or title. Else up to 0.85: the share of its words,
    by their weight, that name and title hold; another version than the one asked for is another file."""
    corpus, sought = Corpus(files), phrase(name)
    versions = {word for word in sought if _VERSION.fullmatch(word)}
    path = name.replace("\\", "/").strip().casefold()
    found = []
    for file in files:
        if path in (file.name.casefold(), file.short.casefold()):
            return [Match(file, EXACT, "it has that very name")]
        if sought and sought in (phrase(file.stem), phrase(file.title)):
            found.append(Match(file, EXACT, "it has that name"))
        elif versions <= file.own_words and (share := corpus.share(file.own_words, sought)):
            said = sorted(file.own_words & set(sought))
            found.append(Match(file, WORDS_OF_A_NAME * share, f"its name has {_quoted(said)}"))
    return _ordered(found)


def match_prompt(prompt: str, files: Sequence[LoraFile]) -> list[Match]:
    """For a prompt that names no style. 1: the file's name or title of two words or more stands in it. 0.5: a trigger
    does. Else up to 0.5: the share of the name's words, by weight, that stand in it; half of that for a single word."""
    corpus, here = Corpus(files), set(phrase(prompt))
    found = []
    for file in files:
        title = next((one for one in (file.stem, file.title) if len(phrase(one)) > 1 and contains(prompt, one)), "")
        trigger = next((one for one in distinctive_phrases(file.triggers) if contains(prompt, one)), "")
        said = sorted(word for word in file.own_words & here if corpus.weight(word))
        if title and said:
            found.append(Match(file, EXACT, f'the prompt has its name, "{" ".join(phrase(title))}"'))
        elif trigger:
            found.append(Match(file, TRIGGER, f'the prompt has its trigger "{trigger}"'))
        elif said:
            share = corpus.share(here, phrase(file.stem)) * min(1.0, len(said) / 2)
            found.append(Match(file, WORDS_IN_A_PROMPT * share, f"the prompt has {_quoted(said)} of its name"))
    return _ordered(found)


def match_style(style: Style, files: Sequence[LoraFile]) -> list[Match]:
    """For a style. 1 to 0.5: the name fits one of its patterns, the first one best. 0.4: title or trigger words name it
    in two words or more, for a LoRA of one person may say "anime" of itself, and hardly "anime style"."""
    found = []
    for file in files:
        place = next((n for n, pattern in enumerate(style.files) if _fits(pattern, file)), None)
        if place is not None:
            score = 1.0 - 0.5 * place / len(style.files)
            found.append(Match(file, score, f"its name fits {style.files[place]}"))
        elif named := _names(style, file):
            found.append(Match(file, 0.4, f'it says "{named}" of itself'))
    return _ordered(found)


def leading(matches: Sequence[Match]) -> list[Match]:
    """The best match and those too near to it to tell."""
    return [match for match in matches if match.score >= matches[0].score * TIE]


def nearest(name: str, files: Sequence[LoraFile], count: int = 3) -> list[str]:
    """The names most like one that is not there."""
    by_name = {file.short: file for file in files}
    likeness = {
        short: max(
            difflib.SequenceMatcher(None, name.casefold(), text.casefold()).ratio() for text in (short, file.stem)
        )
        for short, file in by_name.items()
    }
    return sorted(by_name, key=lambda short: (-likeness[short], short))[:count]


def _fits(pattern: str, file: LoraFile) -> bool:
    text = file.short if "/" in pattern else file.stem
    return fnmatchcase(re.sub(r"[\s-]+", "_", text.casefold()), pattern.casefold())


def _names(style: Style, file: LoraFile) -> str:
    own = ", ".join((file.title, *file.triggers))
    telling = (text for text in (style.trigger, style.name, *style.words) if len(phrase(text)) > 1)
    return next((text for text in telling if contains(own, text)), "")


def _quoted(said: Iterable[str]) -> str:
    return " and ".join(f'"{word}"' for word in said)


def _ordered(found: Iterable[Match]) -> list[Match]:
    return sorted(found, key=lambda match: (-match.score, match.file.name))
