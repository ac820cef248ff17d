"""The report of an experiment as one HTML file that needs nothing else: figures, pictures side by side, the setup.

Everything that comes from a request, a model or a workflow is escaped; the file runs no script and loads nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from .arms import ARMS, ArmName
from .outcomes import Metric, ReportedPrompt, outcome_of
from .record import Setup
from .report import ExperimentReport, PooledReport
from .report_text import METRIC_WORDS, POINT_WORDS, difference_text, estimate_text, power_text
from .statistics import Difference, Estimate
from .summary import ExperimentSummary, PointFigures

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222;
  background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; margin: .5rem 0 1rem } th, td { border: 1px solid #ccc; padding: .25rem .6rem;
  text-align: left; vertical-align: top }
th { background: #f3f3f3; font-weight: 600 } .verdict { font-size: 1.15rem; font-weight: 600 }
.row { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; width: 15rem }
figure img { width: 100%; height: auto; display: block } figcaption { font-size: .85rem }
.no { color: #a00 } .yes { color: #060 } .quiet { color: #666 }
"""


def report_page(report: ExperimentReport, pictures: Mapping[str, bytes]) -> str:
    """pictures: JPEGs by key; one that is missing is named instead of shown."""
    shown = [_prompt(one, report.arms, report.setup.renders, pictures) for one in report.prompts]
    left_out = [
        f"<p>{escape(ARMS[arm].title)} was left out: {escape(why)}</p>" for arm, why in report.arms_left_out.items()
    ]
    parts = [*_summary(report.summary), *left_out, *_setups({report.id: report.setup}), "<h2>Pictures</h2>", *shown]
    return page("Imitatoes, measured", parts)


def pooled_page(pooled: PooledReport) -> str:
    """Of several reports: their figures together, and each one's setup."""
    parts = [*_summary(pooled.summary), *_setups(pooled.setups)]
    return page(f"Imitatoes, measured by {pooled.summary.reports} reports", parts)


def page(title: str, parts: Iterable[str], script: str = "") -> str:
    """A whole HTML document. title: plain text; parts: HTML."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    code = f"<script>{script}</script>" if script else ""
    body = "\n".join([f"<h1>{escape(title)}</h1>", *parts])
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n{code}</body></html>\n'


def inline_picture(jpeg: bytes | None, alternative: str) -> str:
    """An img element that holds its picture; the words where there is none."""
    if jpeg is None:
        return f'<p class="quiet">{escape(alternative)}: the picture is gone.</p>'
    data = base64.b64encode(jpeg).decode("ascii")
    return f'<img alt="{escape(alternative)}" src="data:image/jpeg;base64,{data}">'


def _summary(summary: ExperimentSummary) -> list[str]:
    parts = [f'<p class="verdict">{escape(summary.verdict)}</p>']
    counted = f"{summary.prompts} prompts" + (f", {summary.left_out} left out" if summary.left_out else "")
    parts.append(
        f'<p class="quiet">{escape(counted)}. In brackets: 95 % intervals by a bootstrap over prompts, differences in '
        "pairs. Only the first comparison was chosen beforehand; of several, one may seem larger by luck.</p>"
    )
    for point in summary.points:
        parts += _point(point)
    if summary.agreements:
        rows = [
            (one.one, one.other, str(one.answers), f"{100 * one.share:.0f} %", f"{one.kappa:.2f}")
            for one in summary.agreements
        ]
        parts += ["<h2>Who agrees with whom</h2>", _table(("", "", "answers", "alike", "kappa"), rows)]
    if summary.person:
        rows = [
            (ARMS[one.arm].title, estimate_text("all_correct", one.all_correct), estimate_text("share", one.share))
            for one in summary.person
        ]
        parts += ["<h2>By the person</h2>", _table(("", "all correct", "requirements met"), rows)]
    return [*parts, f"<p>{escape(power_text(summary.power))}</p>"]


def _point(point: PointFigures) -> list[str]:
    metrics: list[Metric] = [m for m in METRIC_WORDS if any(m in arm.values for arm in point.arms)]
    head = ("", *(METRIC_WORDS[m] for m in metrics))
    rows = [(ARMS[arm.arm].title, *(_told(m, arm.values.get(m)) for m in metrics)) for arm in point.arms]
    parts = [f"<h2>{POINT_WORDS[point.point]}</h2>", _table(head, rows)]
    rows = [
        (f"{ARMS[one.one].title} less {ARMS[one.other].title}", *(_told(m, one.values.get(m)) for m in metrics))
        for one in point.comparisons
    ]
    if rows:
        parts.append(_table(head, rows))
    if point.point == "renders" and point.about:
        arms = list(dict.fromkeys(arm for one in point.about for arm in one.arms))
        rows = [
            (one.about, *(_told("share", one.arms.get(arm)) for arm in arms), _told("share", one.gain))
            for one in point.about
        ]
        head = ("", *(ARMS[arm].title for arm in arms), "Imitatoes less seeds")
        parts += ["<h2>Requirements met, by kind</h2>", _table(head, rows)]
    return parts


def _told(metric: Metric, found: Estimate | None) -> str:
    if found is None:
        return ""
    return difference_text(metric, found) if isinstance(found, Difference) else estimate_text(metric, found)


def _setups(setups: Mapping[str, Setup]) -> list[str]:
    parts = ["<h2>Measured on</h2>"]
    for name, setup in setups.items():
        told = setup.model_dump()
        rows = [(key.replace("_", " "), _plain(value)) for key, value in told.items() if value not in ("", (), {})]
        parts.append(_table(("report", name), rows))
        if setup.same_family:
            parts.append(
                '<p class="no">The referee is of the same model family as the judge and shares its errors.</p>'
            )
    return parts


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _prompt(prompt: ReportedPrompt, arms: Sequence[ArmName], renders: int, pictures: Mapping[str, bytes]) -> str:
    figures = []
    for arm in arms:
        outcome = outcome_of(prompt, arm, "renders", renders)
        if outcome is None:
            why = prompt.failed.get(arm, "no result")
            figures.append(f"<figure><figcaption>{escape(ARMS[arm].title)}: {escape(why)}</figcaption></figure>")
            continue
        lines = [
            f'<span class="{"yes" if outcome.met.get(f"r{n}") else "no"}">{escape(requirement.text)}</span>'
            for n, requirement in enumerate(prompt.requirements, 1)
        ]
        told = f"{outcome.renders} renders, {outcome.seconds:.0f} s"
        picture = inline_picture(pictures.get(outcome.picture), ARMS[arm].title)
        caption = f"<b>{escape(ARMS[arm].title)}</b>, {told}<br>{'<br>'.join(lines)}"
        figures.append(f"<figure>{picture}<figcaption>{caption}</figcaption></figure>")
    return f'<h3>{prompt.id}: {escape(prompt.prompt)}</h3><div class="row">{"".join(figures)}</div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(cells: Sequence[str], kind: str) -> str:
        return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells) + "</tr>"

    return "<table>" + row(head, "th") + "".join(row(cells, "td") for cells in rows) + "</table>"
