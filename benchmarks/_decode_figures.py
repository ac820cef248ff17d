"""From decodes measured to figures against the whole decode, and to lines for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

FIGURES = ("time_ratio", "peak_ratio", "mean_diff", "colour_shift")
COMPARED = ("ours", "core_tiled", "core_fallback")
TIME_AIM, PEAK_AIM, QUALITY_AIM = 1.15, 0.6, 0.5
NAMES = {
    "ours": "AutoTiledDecode",
    "ours_tiles": "the same in plain tiles",
    "core_tiled": "VAEDecodeTiled, its defaults",
    "core_fallback": "VAEDecode, out of memory",
}


@dataclass(frozen=True, eq=False)
class Measured:
    """seconds of processor; peak: bytes of memory; pixels: [B,H,W,C], 0..1."""

    seconds: float
    peak: float
    pixels: torch.Tensor


def against(whole: Measured, other: Measured) -> dict[str, float]:
    """mean_diff: mean absolute difference of all values, 0..1. colour_shift: mean absolute difference of the channels'
    means over everything."""
    difference = other.pixels.double() - whole.pixels.double()
    return {
        "time_ratio": round(other.seconds / whole.seconds, 3),
        "peak_ratio": round(other.peak / whole.peak, 3),
        "mean_diff": round(difference.abs().mean().item(), 7),
        "colour_shift": round(difference.mean(dim=(0, 1, 2)).abs().mean().item(), 7),
    }


def table(case: str, found: Mapping[str, Mapping[str, float]]) -> list[str]:
    head = f"{case:32}{'time':>10}{'memory':>10}{'difference':>13}{'colour shift':>14}"
    rows = [
        f"  {NAMES[name]:30}{f['time_ratio']:>9.2f}x{f['peak_ratio']:>9.2f}x{f['mean_diff']:>13.6f}"
        f"{f['colour_shift']:>14.6f}"
        for name, f in found.items()
    ]
    return [head, *rows, f"  {verdict(found)}"]


def verdict(found: Mapping[str, Mapping[str, float]]) -> str:
    """What of the aims is met."""
    ours, others = found["ours"], [found["core_tiled"], found["core_fallback"]]
    met = {
        f"time at most {TIME_AIM}x": ours["time_ratio"] <= TIME_AIM,
        f"memory at most {PEAK_AIM}x": ours["peak_ratio"] <= PEAK_AIM,
        "difference at most half of both": _at_most_half(ours, others, "mean_diff"),
        "colour shift at most half of both": _at_most_half(ours, others, "colour_shift"),
    }
    return "aims: " + ", ".join(f"{aim} {'met' if ok else 'MISSED'}" for aim, ok in met.items())


def _at_most_half(ours: Mapping[str, float], others: Sequence[Mapping[str, float]], figure: str) -> bool:
    return all(ours[figure] <= QUALITY_AIM * other[figure] for other in others)


def result(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """As --json gives it: what the aims are about."""
    return {case: {name: dict(figures[name]) for name in COMPARED} for case, figures in found.items()}
