"""The nearest of several names: for misspelt values, inputs and classes, and for model files that are not installed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from .dynamic_inputs import InputSpec
from .family import Family, families, family_of_file, matches

MISSPELT = 0.75
"""From this likeness (difflib's ratio, 0 to 1) a name is taken for a misspelling of another; our judgement."""
ALIKE = 0.5
"""From this likeness a file without a known family is worth naming as an alternative; our judgement."""
LONGEST_NAME = 1000
"""What is longer is a name of nothing; to compare it would cost time that grows with its square."""
_PRECISION = re.compile(
    r"fp(32|16|8)|bf16|int(8|4)|[ew]\d[am]\d\w*|nvfp4|scaled|mixed|convrot|q\d(_[k01])?(_[sml])?|gguf"
)
_WORDS = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_VARIANTS = frozenset(
    "high low i2v t2v ti2v s2v flf2v vace animate camera refiner base turbo schnell lightning hyper lcm distilled lora "
    "lightx2v fill inpaint inpainting kontext edit redux canny depth pose union upscaler audio video vision klein dev "
    "control controlnet krea layered".split()
)
"""Words in a file name that make it another thing, however near the rest is."""


def misspelt(name: str, offered: Iterable[str]) -> str | None:
    """The one offered name that this is a misspelling of; None where there is none, or more than one as near.

    A name that others begin with is a short form of one of these: "euler_a" is not meant to be euler.
    """
    options = [option for option in offered if isinstance(option, str)]
    same = [option for option in options if option.casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    scored = sorted(((_likeness(name, option), option) for option in options), reverse=True)
    if not scored or scored[0][0] < MISSPELT or (len(scored) > 1 and scored[1][0] == scored[0][0]):
        return None
    longer = [option for option in options if option.casefold().startswith(name.casefold())]
    return None if longer and scored[0][1] not in longer else scored[0][1]


def near(name: str, offered: Iterable[str], count: int = 3) -> list[str]:
    """The nearest offered names, best first; for a message, so looser than `misspelt`."""
    return difflib.get_close_matches(name, [option for option in offered if isinstance(option, str)], count, ALIKE)


def alternatives(missing: str, installed: Sequence[str], count: int = 3) -> list[str]:
    """The installed files that could stand in for a missing one: of its family and variant, nearest name first.

    installed: the choices of the same input, hence of the same kind. Empty where nothing fits: a file of another
    family is never named.
    """
    family = role_family(missing)
    others = [file for file in installed if isinstance(file, str) and file != missing]
    fitting = [file for file in others if _variants(file) == _variants(missing)]
    if family:
        fitting = [file for file in fitting if family & role_family(file)]
    else:
        fitting = [file for file in fitting if _likeness(_bare(missing), _bare(file)) >= ALIKE]
    return sorted(fitting, key=lambda file: (-_likeness(_bare(missing), _bare(file)), file))[:count]


def first_named(pattern: str, spec: InputSpec) -> str | None:
    """The first file that an input's list offers and whose name the pattern fits, searched without case."""
    files = (file for file in spec.choices or () if isinstance(file, str))
    return next((file for file in files if re.search(pattern, file, re.IGNORECASE)), None)


def role_family(file: str) -> frozenset[str]:
    """Architectures that a file is known to belong to, as model, VAE or text encoder; empty for an unknown name."""
    part = {f.architecture for f in families() if matches(f.vae, file) or matches(f.text_encoders, file)}
    if part:
        return frozenset(part)
    family: Family | None = family_of_file(file)
    return frozenset({family.architecture}) if family else frozenset()


def _likeness(one: str, other: str) -> float:
    if len(one) > LONGEST_NAME or len(other) > LONGEST_NAME:
        return 0.0
    return difflib.SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio()


def _bare(file: str) -> str:
    """The file's name without folder, ending and precision: what tells the model, not its storage."""
    stem = re.split(r"[\\/]", file)[-1].rsplit(".", 1)[0].casefold()
    return " ".join(_WORDS.findall(_PRECISION.sub(" ", stem)))


def _variants(file: str) -> frozenset[str]:
    stem = re.split(r"[\\/]", file)[-1].casefold()
    return frozenset(_VARIANTS & set(re.findall(r"[a-z0-9]+", stem)))
