"""Pictures laid out for a person to tick: which of them, and the page. Nobody who ticks sees which arm made one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from html import escape

from .arms import ArmName
from .outcomes import ReportedPrompt, outcome_of
from .record import TICKED_PICTURES
from .report import ExperimentReport
from .report_page import inline_picture, page

SCRIPT = """
const address = location.pathname.replace(/\\/page$/, "/ticks");
const said = document.getElementById("said");
async function keep(form) {
  const met = {};
  for (const row of form.querySelectorAll("[data-requirement]")) {
    const chosen = row.querySelector("input:checked");
    if (!chosen) return;
    met[row.dataset.requirement] = chosen.value === "yes";
  }
  const body = JSON.stringify({ picture: form.dataset.picture, met });
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const told = await answer.json();
  if (answer.ok) form.classList.add("kept");
  said.textContent = answer.ok ? `${told.ticked} of ${told.pictures} pictures ticked and kept.` : told.error.message;
}
for (const form of document.querySelectorAll("form")) form.addEventListener("change", () => keep(form));
"""
LOOK = (
    "<style>form { border-left: 4px solid #ccc; padding-left: 1rem; margin: 2rem 0 } form.kept { border-color: #060 } "
)
LOOK += "form img { max-width: 32rem; width: 100% } #said { position: sticky; top: 0; background: #fff }</style>"


def pictures_to_tick(report: ExperimentReport, most: int = TICKED_PICTURES) -> list[tuple[ReportedPrompt, str]]:
    """What the arms gave at the end, prompt by prompt as drawn, so that arms can be compared; then shuffled."""
    found: dict[str, ReportedPrompt] = {}
    for prompt in report.prompts:
        keys = dict.fromkeys(_results(prompt, report.arms, report.setup.renders))
        if len(found) + len(keys) > most and found:
            break
        found |= dict.fromkeys(keys, prompt)
    drawn = [(prompt, key) for key, prompt in found.items()]
    random.Random(f"ticks {report.id}").shuffle(drawn)  # noqa: S311 (nothing secret)
    return drawn


def ticking_page(
    report: ExperimentReport, pictures: Mapping[str, bytes], ticks: Mapping[str, Mapping[str, bool]]
) -> str:
    """pictures: JPEGs by key. ticks: what is kept already."""
    wanted = pictures_to_tick(report)
    done = sum(key in ticks for _, key in wanted)
    parts = [
        LOOK,
        "<p>Say of each picture what it shows. What you tick is kept at once; you can go on another day. Which picture "
        "was made how is not told.</p>",
        f'<p id="said" role="status">{done} of {len(wanted)} pictures ticked and kept.</p>',
    ]
    for number, (prompt, key) in enumerate(wanted, 1):
        kept = ticks.get(key, {})
        rows = [
            _row(f"{number}-{n}", f"r{n}", requirement.text, kept.get(f"r{n}"))
            for n, requirement in enumerate(prompt.requirements, 1)
        ]
        picture = inline_picture(pictures.get(key), f"Picture {number}")
        name = ' class="kept"' if kept else ""
        parts.append(
            f"<form{name} data-picture={_quoted(key)}><h2>Picture {number}</h2>{picture}{''.join(rows)}</form>"
        )
    return page("What do the pictures show?", parts, SCRIPT)


def _row(group: str, requirement: str, text: str, known: bool | None) -> str:
    choices = []
    for value, yes in (("yes", True), ("no", False)):
        checked = " checked" if known is yes else ""
        choices.append(f'<label><input type="radio" name="{group}" value="{value}"{checked}> {value}</label> ')
    about = f'data-requirement="{requirement}" role="group" aria-label={_quoted(text)}'
    return f"<p {about}>{''.join(choices)}{escape(text)}</p>"


def _results(prompt: ReportedPrompt, arms: Sequence[ArmName], renders: int) -> list[str]:
    outcomes = (outcome_of(prompt, arm, "renders", renders) for arm in arms)
    return [one.picture for one in outcomes if one is not None]


def _quoted(text: str) -> str:
    """As an attribute's value, quotes included."""
    return f'"{escape(text)}"'
