"""Installed LoRAs for tests, without files."""

from __future__ import annotations

from pathlib import Path

from pack.engine.style.catalogue import SHIPPED, Catalogue, extended
from pack.engine.style.fit import Counts, Fit, Verdict, judge_fit
from pack.engine.style.installed import LoraFile

STYLES = extended(Catalogue(), SHIPPED.read_text(encoding="utf-8"), "styles.json")
FITS = Fit(Verdict.APPLY, "228 of 228 parts fit.")


def lora(name, family="", **known):
    name = name if name.endswith(".safetensors") else f"{name}.safetensors"
    return LoraFile(name, Path("loras") / name, ((1, 1),), family=family, **known)


def fits(file):
    return FITS


def of_family(family):
    """A check that refuses every file of another family, as the comparison with a model would."""

    def check(file):
        return FITS if file.family == family else judge_fit(Counts(700), None)

    return check
