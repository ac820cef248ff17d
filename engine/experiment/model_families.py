"""Which models are of one family: a judge is not to be checked by one of its own kind, which shares its errors.

Models prefer what their own family made, and err alike (docs/design-notes.md, 2.15, 2.21).
"""

from __future__ import annotations

import re

FAMILIES: dict[str, tuple[str, ...]] = {
    "qwen": ("qwen", "qwq", "qvq"),
    "gemma": ("gemma", "paligemma", "medgemma", "gemini"),
    "mistral": ("mistral", "ministral", "pixtral", "magistral", "devstral", "mixtral"),
    "llama": ("llama",),
    "llava": ("llava", "bakllava"),
    "internvl": ("internvl", "intern"),
    "minicpm": ("minicpm",),
    "phi": ("phi",),
    "glm": ("glm", "cogvlm"),
    "deepseek": ("deepseek",),
    "granite": ("granite",),
    "moondream": ("moondream",),
    "smolvlm": ("smolvlm",),
    "gpt": ("gpt", "openai"),
    "claude": ("claude",),
    "kimi": ("kimi", "moonshot"),
    "grok": ("grok",),
    "aya": ("aya",),
    "nemotron": ("nemotron",),
    "molmo": ("molmo",),
}
"""By family, how names of its models begin, in lower case. llava's language part may be any, so it stands alone."""
_PART = re.compile(r"[a-z]+")


def model_family(name: str) -> str:
    """As "qwen" of "hf.co/unsloth/Qwen3-VL-8B-Instruct-GGUF:Q4_K_M"; else its own name, without its tag."""
    bare = name.strip().lower()
    last = bare.rsplit("/", 1)[-1].split(":", 1)[0]
    for word in _PART.findall(last):
        for family, beginnings in FAMILIES.items():
            if word.startswith(beginnings):
                return family
    return last


def same_family(one: str, other: str) -> bool:
    """Whether a model of the one list of names (comma separated, as a jury has them) is of a family of the other."""
    mine, theirs = ({model_family(part) for part in names.split(",") if part.strip()} for names in (one, other))
    return bool(mine & theirs)
