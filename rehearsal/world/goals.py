"""Goals of several kinds for tests and benchmarks: what clauses can reach from these prompts, and what nothing can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class WorldGoal:
    """prompt: a starting prompt that seldom or never meets the goal as it is. reachable: whether other words can."""

    kind: Literal["counts", "relation", "background", "word", "absence", "impossible"]
    goal: str
    prompt: str
    reachable: bool = True


GOALS = (
    WorldGoal("counts", "five red circles and three blue squares", "a few red circles and two blue squares"),
    WorldGoal(
        "relation",
        "three red circles to the left of a blue square, on a white background",
        "some red circles and a blue square",
    ),
    WorldGoal(
        "background",
        "two orange triangles and a cyan ring on a black background",
        "orange triangles and a cyan ring",
    ),
    WorldGoal("word", 'a red star and the word "HELLO"', "a red star and a greeting"),
    WorldGoal(
        "absence",
        "two red circles above a blue square, no green stars",
        "some green stars, two red circles and a blue square",
    ),
    # The painter never draws more than six of a kind.
    WorldGoal("impossible", "seven yellow diamonds", "yellow diamonds", reachable=False),
)
