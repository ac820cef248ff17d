"""The whole choice: which LoRAs, how strong, the prompt with their words, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .catalogue import Catalogue
from .choosing import Check, NotChosen, Shelf, choose_by_prompt, choose_lora
from .families import may_fit
from .fit import Verdict, refusal
from .installed import LoraFile
from .matching import Match, match_name, match_prompt, match_style
from .request import OFF, SKIP, Refused, StyleRequest
from .style_options import LoraRequest, read_options
from .trigger import NONE, missing_triggers, place_triggers, triggers_for


@dataclass(frozen=True)
class AppliedLora:
    """A LoRA to apply, with its strengths."""

    file: LoraFile
    strength_model: float
    strength_clip: float

    @property
    def tag(self) -> str:
        """As other programs write it: <lora:name:0.80>, or with both strengths where they differ."""
        clip = f":{self.strength_clip:.2f}" if self.strength_clip != self.strength_model else ""
        return f"<lora:{self.file.short}:{self.strength_model:.2f}{clip}>"


@dataclass(frozen=True)
class Picked:
    """prompt: with the trigger words. trigger: the words that the LoRAs listen to, added or there already."""

    applied: tuple[AppliedLora, ...]
    prompt: str
    trigger: str
    report: str

    @property
    def lora_used(self) -> str:
        return " ".join(one.tag for one in self.applied)


def pick(
    request: StyleRequest, catalogue: Catalogue, files: Sequence[LoraFile], family: str, clip: bool, check: Check
) -> Picked:
    """Choose and check. family: the model's, "" unknown. clip: whether one is connected. check: see choosing.Check.

    Raises Refused where something that was asked for, or found in the prompt, cannot be applied, unless
    request.on_mismatch says to skip it.
    """
    shelf = Shelf(files, family, check, request.min_match)
    picking = _Picking(request, shelf, clip)
    picking.tell(*catalogue.problems)
    try:
        wanted = read_options(request, catalogue)
    except Refused as problem:
        picking.refuse(problem.input, str(problem))
        return picking.done(request.prompt)
    picking.tell(*wanted.notes)
    for wish in wanted.wishes:
        picking.grant(wish)
    if wanted.search:
        picking.search(wanted.prompt)
    return picking.done(wanted.prompt)


class _Picking:
    """Collects what is applied and said, one wish after the other."""

    def __init__(self, request: StyleRequest, shelf: Shelf, clip: bool) -> None:
        self._request, self._shelf, self._clip = request, shelf, clip
        self._applied: list[AppliedLora] = []
        self._triggers: list[tuple[str, str]] = []
        self._lines: list[str] = []

    def tell(self, *sentences: str) -> None:
        self._lines += [sentence for sentence in sentences if sentence]

    def refuse(self, input: str, message: str) -> None:
        """Raises Refused, or says it where the user wants that. With nothing applied the picture is the model's own."""
        if self._request.on_mismatch != SKIP:
            raise Refused(input, message)
        self.tell(f"Skipped: {message}")

    def grant(self, wish: LoraRequest) -> None:
        self.tell(wish.reason)
        try:
            match = choose_lora(wish, self._shelf)
        except NotChosen as problem:
            self.refuse(wish.input, str(problem))
            return
        self._apply(wish, match)

    def search(self, prompt: str) -> None:
        match, said = choose_by_prompt(prompt, self._shelf)
        self.tell(said)
        if match is not None:
            self._apply(LoraRequest(match.file.short, "prompt", ""), match)

    def _apply(self, wish: LoraRequest, match: Match) -> None:
        file = match.file
        if file in [one.file for one in self._applied]:
            self.tell(f"{file.short} is applied already; not twice.")
            return
        self.tell(f"LoRA: {file.short}{f' ({file.family})' if file.family else ''}, because {match.why}.", file.notes)
        (model, clip), source = self._strengths(wish, file)
        if model == 0 and (clip == 0 or not self._clip):
            self.tell("Strength 0: not applied, and the prompt is left as it is.")
            return
        fit = self._shelf.check(file)
        if fit.verdict is Verdict.REFUSE:
            self.refuse(wish.input, self._refusal(file, fit.sentence))
            return
        self.tell(f"Warning: {fit.sentence}" if fit.verdict is Verdict.WARN else fit.sentence)
        self.tell(f"Strength: {model:.2f} model, {clip:.2f} CLIP, {source}.")
        self._applied.append(AppliedLora(file, model, clip))
        triggers = triggers_for(file, wish.style, self._request.trigger_words)
        self._triggers += [(text, triggers.source) for text in triggers.texts]

    def _strengths(self, wish: LoraRequest, file: LoraFile) -> tuple[tuple[float, float], str]:
        """((model, CLIP), where from). A suggestion never switches on what the user has set to 0."""
        request = self._request
        if wish.strengths is not None:
            return wish.strengths, "from the tag"
        if wish.second:
            return (request.second_strength, request.second_strength), "from second_strength"
        own = (request.strength_model, request.strength_clip)
        suggested, source = file.strength, "as the file's own notes suggest"
        if suggested is None and wish.style is not None:
            suggested, source = wish.style.strength, "as the style suggests"
        if suggested is None or not request.use_suggested_strength:
            return own, "as set"
        return (suggested if own[0] else 0.0, suggested if own[1] else 0.0), source

    def _refusal(self, file: LoraFile, sentence: str) -> str:
        family = self._shelf.family
        others = [one.short for one in self._shelf.usable if one.family and one != file and may_fit(one.family, family)]
        return refusal(file.short, file.family, family, sentence, others[:3])

    def done(self, prompt: str) -> Picked:
        texts = list(dict.fromkeys(text for text, _ in self._triggers))
        added = missing_triggers(texts, prompt)
        for text, source in self._triggers:
            self.tell(f'Trigger: "{text}", {source}{"" if text in added else "; the prompt has it already"}.')
        if self._applied and not texts and self._request.trigger_words != NONE:
            self.tell("Trigger: none is known.")
        if not self._applied and self._request.mode != OFF:
            self.tell("No LoRA is applied.")
        result = place_triggers(prompt, added, self._request.trigger_position, self._shelf.family)
        return Picked(tuple(self._applied), result, ", ".join(texts), "\n".join(self._lines))


def depends_on(request: StyleRequest, catalogue: Catalogue, files: Sequence[LoraFile]) -> list[LoraFile]:
    """The files on which the choice depends, whatever the model: when one changes or comes, a finished graph is old."""
    try:
        wanted = read_options(request, catalogue)
    except Refused:
        return []
    found = [file for wish in wanted.wishes for file in _meant(wish, files)]
    if wanted.search:
        found += [match.file for match in match_prompt(wanted.prompt, files)]
    return found


def _meant(wish: LoraRequest, files: Sequence[LoraFile]) -> list[LoraFile]:
    if wish.path:
        return [file for file in files if file.name == wish.path.replace("\\", "/")]
    named = match_name(wish.asked, files)
    return [match.file for match in (*named, *(match_style(wish.style, files) if wish.style else ()))]
