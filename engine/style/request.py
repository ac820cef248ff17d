"""What the user asks the picker for, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import MOST_STRENGTH
from .trigger import ADD_FIRST, AMOUNTS, AUTO, POSITIONS

FROM_PROMPT, BY_NAME, FIXED, OFF = "auto from prompt", "by name", "fixed file", "off"
MODES = (FROM_PROMPT, BY_NAME, FIXED, OFF)
STOP, SKIP = "stop with error", "skip and tell me"
MISMATCHES = (STOP, SKIP)
NO_FILE = "(none)"
MOST_NAME = 200


class Refused(ValueError):
    """What was asked for cannot be done. input: the node's input that it is about. The message says what to do."""

    def __init__(self, input: str, message: str) -> None:
        super().__init__(message)
        self.input = input


@dataclass(frozen=True)
class StyleRequest:
    """The node's widgets. strengths: -4 to 4. min_match: 0 to 1, the score below which nothing is chosen."""

    prompt: str
    style: str = ""
    mode: str = FROM_PROMPT
    lora_name: str = NO_FILE
    strength_model: float = 0.8
    strength_clip: float = 0.8
    second_style: str = ""
    second_strength: float = 0.4
    use_suggested_strength: bool = True
    min_match: float = 0.35
    trigger_words: str = ADD_FIRST
    trigger_position: str = AUTO
    on_mismatch: str = STOP

    def __post_init__(self) -> None:
        """Raises Refused. ComfyUI checks widgets itself, but not what is linked to them."""
        for name in ("prompt", "style", "lora_name", "second_style"):
            if not isinstance(getattr(self, name), str):
                raise Refused(name, f"must be text, but is {type(getattr(self, name)).__name__}. Link a STRING to it.")
        for name in ("style", "second_style"):
            if len(getattr(self, name)) > MOST_NAME:
                raise Refused(name, f"is longer than {MOST_NAME} characters. Write the name of one style or LoRA.")
        for name, options in (
            ("mode", MODES),
            ("trigger_words", AMOUNTS),
            ("trigger_position", POSITIONS),
            ("on_mismatch", MISMATCHES),
        ):
            if getattr(self, name) not in options:
                raise Refused(name, f"'{str(getattr(self, name))[:60]}' is not one of: {', '.join(options)}.")
        for name in ("strength_model", "strength_clip", "second_strength"):
            if not -MOST_STRENGTH <= getattr(self, name) <= MOST_STRENGTH:
                raise Refused(name, f"{getattr(self, name)} is not within -4 to 4.")
