"""The figures for people."""

from __future__ import annotations

from collections.abc import Mapping

from ._figures import SIZES, Cycle, Spread

GAP_AIM = 10.0
CONTROLLER_AIMS = {1024: 30.0, 2048: 120.0, 4096: 250.0}
PICTURE_AIM = 600_000
GROWTH_AIM = 80.0
BYSTANDERS_AIM = 0.1
_NAME = 42


def gap_lines(ours: Spread, outside: Spread) -> list[str]:
    head = f"{'Gap between iterations, ms':{_NAME}}{'median':>9}{'9 in 10':>9}{'largest':>9}{'aim':>9}"
    return [
        head,
        _row("  Imitatoes", ours.median, ours.ninth, ours.largest) + _aim(ours.median, GAP_AIM),
        _row("  outside client that polls each second", outside.median, outside.ninth, outside.largest),
    ]


def controller_lines(found: Mapping[int, Cycle]) -> list[str]:
    lines = [f"{'Controller for each iteration, ms':{_NAME}}" + "".join(f"{size:>9}" for size in SIZES)]
    for stage in found[SIZES[0]].stages:
        lines.append(_row(f"  {stage}", *(found[size].stages[stage] for size in SIZES)))
    totals = [found[size].total for size in SIZES]
    lines.append(_row("  on the critical path", *totals))
    lines.append(_row("  aim", *CONTROLLER_AIMS.values()) + _verdict(totals, list(CONTROLLER_AIMS.values())))
    lines.append(_row("  beside it: picture to disk", *(found[size].saving for size in SIZES)))
    return lines


def payload_lines(found: Mapping[int, tuple[float, int]]) -> list[str]:
    pictures = [found[size][1] for size in SIZES]
    return [
        f"{'Payload to the judge':{_NAME}}" + "".join(f"{size:>9}" for size in SIZES),
        _row("  request, KiB", *(found[size][0] for size in SIZES)),
        f"{'  largest picture, bytes':{_NAME}}"
        + "".join(f"{size:>9}" for size in pictures)
        + f"   aim {PICTURE_AIM}"
        + _verdict(pictures, [PICTURE_AIM] * len(pictures)),
    ]


def growth_line(growth: float | None) -> str:
    name = f"{'Memory from iteration 3 to 43, MiB':{_NAME}}"
    return f"{name}{'unknown':>9}" if growth is None else _row(name, growth) + _aim(growth, GROWTH_AIM)


def bystander_lines(share: float | None) -> list[str]:
    if share is None:
        return []
    line = f"Others used {share:.0%} of the processors meanwhile."
    return [line if share <= BYSTANDERS_AIM else f"{line} The times are too long by that: run it again when idle."]


def _row(name: str, *values: float) -> str:
    return f"{name:{_NAME}}" + "".join(f"{value:>9.1f}" for value in values)


def _aim(value: float, aim: float) -> str:
    return f"{aim:>9.0f}" + _verdict([value], [aim])


def _verdict(values: list[float], aims: list[float]) -> str:
    met = all(value <= aim for value, aim in zip(values, aims, strict=True))
    return "  met" if met else "  MISSED"
