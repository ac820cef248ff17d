"""Whether a LoRA fits a model: the rule over counted parts, and its sentences.

ComfyUI itself is silent: a LoRA of another family changes nothing, one of another size logs an error while it samples,
and the picture comes out as if there were no LoRA. Rule and thresholds: docs/design-notes.md, 11.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_WRONG = 0.10
"""Share of wrong sizes among the parts with a matching name from which on a LoRA is refused."""
FEW = 0.50
"""Share of fitting parts below which the report warns."""


@dataclass(frozen=True)
class Counts:
    """Of the LoRA's parts for one model: how many there are, have a name that the model knows, and have its size too.

    example: (weight, its size, the LoRA's size) of one that has the name and not the size.
    """

    parts: int = 0
    matched: int = 0
    right: int = 0
    example: tuple[str, tuple[int, ...], tuple[int, ...]] | None = None


class Verdict(Enum):
    APPLY = "apply"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Fit:
    """sentence: the reason in numbers, for the report; of a refusal, for the error."""

    verdict: Verdict
    sentence: str


UNCHECKED = Fit(Verdict.WARN, "Whether it fits could not be checked.")


def judge_fit(diffusion: Counts, text: Counts | None, packed: bool = False) -> Fit:
    """The rule.

    diffusion: for the diffusion model; of a LoRA that has no such part, its text parts decide. text: for the text
    encoder, None where no CLIP is connected. packed: the model's weights are stored in a packed form, whose sizes say
    nothing, so that nothing is refused.
    """
    counts = diffusion if diffusion.parts or text is None else text
    right = min(counts.right, counts.parts)
    if packed:
        return Fit(Verdict.WARN, "The model's weights are packed, so whether it fits cannot be checked.")
    if right == 0:
        if counts.matched:
            return Fit(Verdict.REFUSE, f"0 of {counts.parts} parts fit, {_wrong(counts)}, so it would change nothing.")
        return Fit(Verdict.REFUSE, f"0 of {counts.parts} parts fit, so it would change nothing.")
    if counts.matched - counts.right > MOST_WRONG * counts.matched:
        wrong = counts.matched - counts.right
        return Fit(
            Verdict.REFUSE,
            f"{wrong} of the {counts.matched} parts with a matching name have the wrong size{_example(counts)}.",
        )
    if right < FEW * counts.parts:
        return Fit(Verdict.WARN, f"Only {right} of {counts.parts} parts fit: it will have less effect than it should.")
    return Fit(Verdict.APPLY, f"{right} of {counts.parts} parts fit.")


def text_sentence(parts: int, text: Counts | None) -> str:
    """What becomes of a LoRA's text encoder parts; "" where it has none. text: None where no CLIP is connected."""
    if not parts:
        return ""
    if text is None:
        return f"Its {parts} text encoder parts are not used: no CLIP is connected."
    return f"{min(text.right, parts)} of {parts} text encoder parts fit."


def refusal(name: str, lora_family: str, model_family: str, sentence: str, others: list[str]) -> str:
    """The message for a LoRA that does not fit. others: names of installed ones of the model's family."""
    said = (
        f"{name} was trained for {lora_family}. "
        if lora_family and lora_family != model_family
        else f"{name} does not fit. "
    )
    said += f"Your model is {model_family}. " if model_family else ""
    said += sentence
    if not model_family:
        return f"{said} Pick a LoRA that was made for your model."
    if not others:
        return f"{said} Get one for {model_family}; none is installed."
    return f"{said} Pick one for {model_family}: {', '.join(others)}."


def _wrong(counts: Counts) -> str:
    return f"{counts.matched} have the right name but the wrong size{_example(counts)}"


def _example(counts: Counts) -> str:
    if counts.example is None:
        return ""
    _, model, lora = counts.example
    return f" ({_size(lora)} where the model has {_size(model)})"


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"
