"""`python dev.py bench real`: measure Imitatoes on a ComfyUI, with your workflow and judge. See README.md.

A thin client of /imitatoes/experiments: the experiment itself runs in that ComfyUI, and goes on without this script.
"""

from __future__ import annotations

import argparse
import json
import time
import urllib.error
from pathlib import Path
from typing import Any

from ..engine.experiment.fitting import FitUnusable, fit_lines, fit_reports
from ..engine.experiment.report import ReportUnusable, pool_reports, read_report
from ..engine.experiment.report_page import pooled_page
from ..engine.experiment.report_text import summary_lines
from ..engine.experiment.summary import ExperimentSummary
from ._client import Client

POLL_SECONDS = 5.0
EXPERIMENTS = "/imitatoes/experiments"


class Refused(RuntimeError):
    """The server said no. The message is its own."""


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    try:
        if options.merge:
            return merged([Path(name) for name in options.merge], Path(options.out))
        if options.fit:
            return fitted([Path(name) for name in options.fit])
        return measured(options)
    except (ReportUnusable, FitUnusable, Refused, OSError) as problem:
        print(problem)
        return 1
    except KeyboardInterrupt:
        print("\nThe experiment goes on in ComfyUI. Run this again with --attach, or --stop, and its id.")
        return 130


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python dev.py bench real", description="Measure Imitatoes on your own card.")
    add = parser.add_argument
    add("--comfyui", default="http://127.0.0.1:8188", help="address of the ComfyUI with Imitatoes")
    add("--workflow", help="a workflow file, exported or as the canvas saves it")
    add("--judge", default="", help="model that judges in the loop; empty for the usual one")
    add("--referee", help="model of another family that says at the end what the pictures show")
    add("--judge-connection", default="local", help="name of the judge's server in Imitatoes' settings")
    add("--referee-connection", default="local", help="the referee's")
    add("--same-family", action="store_true", help="allow a referee of the judge's family; the report says so")
    add("--prompts", type=int, default=60)
    add("--renders", type=int, default=12, help="renders of each run, at most")
    add("--seed", type=int, default=1)
    add("--quick", action="store_true", help="12 prompts and 4 renders, to see that all works")
    add("--held-out", action="store_true", help="the prompts kept for last measurements")
    add("--made-checklists", action="store_true", help="the judge makes the checklists, which is then measured too")
    add("--own", help="a JSON file with prompts of your own: [{prompt, checklist: [..]}, ..]")
    add("--yes", action="store_true", help="do not ask after the first measured render")
    add("--attach", metavar="ID", help="follow an experiment that is there, and resume it if it stopped")
    add("--stop", metavar="ID", help="stop one")
    add("--out", default="runs/real", help="folder for report.html and report.json")
    add("--merge", nargs="+", metavar="REPORT", help="pool report.json files of several users")
    add("--fit", nargs="+", metavar="REPORT", help="estimate from report.json files what the policy's priors take")
    return parser.parse_args(arguments)


def measured(options: argparse.Namespace) -> int:
    """An experiment from its start, or from where it is, to its report."""
    client = Client(options.comfyui.rstrip("/"))
    if options.stop:
        told(asked(client, f"{EXPERIMENTS}/{options.stop}/stop", {}))
        return 0
    if options.attach:
        experiment = shown(client, options.attach)
        if experiment["state"] in ("stopped", "failed"):
            experiment = asked(client, f"{EXPERIMENTS}/{experiment['id']}/resume", {})
    elif options.workflow and options.referee:
        experiment = asked(client, EXPERIMENTS, order(options))
    else:
        print("Name a workflow with --workflow and a model of another family than the judge's with --referee.")
        return 2
    print(f"Experiment {experiment['id']} in {client.url}. It goes on without this script.")
    experiment = followed(client, experiment)
    if experiment["state"] == "planned":
        print(experiment["message"])
        if not (options.yes or input("Begin? [y/N] ").strip().lower().startswith("y")):
            print(f"Not begun. Later: python dev.py bench real --attach {experiment['id']} --yes")
            return 0
        experiment = followed(client, asked(client, f"{EXPERIMENTS}/{experiment['id']}/resume", {}))
    if experiment["message"]:
        print(experiment["message"])
    if experiment["progress"]["looked"]:
        written(client, experiment["id"], Path(options.out))
    return 0 if experiment["state"] == "done" else 1


def order(options: argparse.Namespace) -> dict[str, Any]:
    """What is posted."""
    return {
        "workflow": read_json(Path(options.workflow)),
        "judge": {"model": options.judge, "connection": options.judge_connection},
        "referee": {"model": options.referee, "connection": options.referee_connection},
        "same_family": options.same_family,
        "prompts": options.prompts,
        "renders": options.renders,
        "seed": options.seed,
        "quick": options.quick,
        "held_out": options.held_out,
        "checklists": "made" if options.made_checklists else "given",
        "own": read_json(Path(options.own)) if options.own else [],
        "ask_first": not options.yes,
    }


def followed(client: Client, experiment: dict[str, Any]) -> dict[str, Any]:
    """The experiment once it waits, has ended or was stopped; how far it is on the way."""
    said = ""
    while experiment["state"] == "running":
        line = progress_line(experiment)
        if line != said:
            print(line, flush=True)
            said = line
        time.sleep(POLL_SECONDS)
        experiment = shown(client, experiment["id"])
    return experiment


def progress_line(experiment: dict[str, Any]) -> str:
    progress = experiment["progress"]
    left = progress["seconds_left"]
    time_left = "" if left is None else f", about {max(1, round(left / 60))} minutes left"
    if experiment["plan"]["seconds"] is None:
        return "Measuring a first render and the looks at it."
    runs = f"{progress['runs_done']} of {progress['runs']} runs"
    return f"{runs}, {progress['looked']} of {progress['prompts']} prompts looked at{time_left}"


def written(client: Client, name: str, folder: Path) -> None:
    """The report into the folder, and its figures on the screen."""
    folder.mkdir(parents=True, exist_ok=True)
    data = client.get(f"{EXPERIMENTS}/{name}/data")
    (folder / "report.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    (folder / "report.html").write_bytes(client.fetch(f"{EXPERIMENTS}/{name}/report"))
    print("\n".join(["", *summary_lines(ExperimentSummary.model_validate(data["summary"])), ""]))
    print(f"Report: {folder / 'report.html'} and report.json")
    print(f"Tick fifty pictures yourself: {client.url}{EXPERIMENTS}/{name}/page, then run this with --attach {name}")


def merged(paths: list[Path], folder: Path) -> int:
    """Several users' reports as one."""
    pooled = pool_reports([read_report(path.read_bytes(), path.name) for path in paths])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pooled.json").write_text(pooled.model_dump_json(indent=1), encoding="utf-8")
    (folder / "pooled.html").write_text(pooled_page(pooled), encoding="utf-8")
    print("\n".join(summary_lines(pooled.summary)))
    print(f"Written: {folder / 'pooled.html'} and pooled.json")
    return 0


def fitted(paths: list[Path]) -> int:
    """What the policy's priors take, from the looks in these reports."""
    print("\n".join(fit_lines(fit_reports([read_report(path.read_bytes(), path.name) for path in paths]))))
    return 0


def shown(client: Client, name: str) -> dict[str, Any]:
    return answered(lambda: client.get(f"{EXPERIMENTS}/{name}"), client)


def asked(client: Client, path: str, body: Any) -> dict[str, Any]:
    return answered(lambda: client.post(path, body), client)


def answered(ask: Any, client: Client) -> dict[str, Any]:
    """Raises Refused with the server's own words."""
    try:
        return ask()
    except urllib.error.HTTPError as problem:
        try:
            error = json.loads(problem.read())["error"]
            raise Refused(f"{error['message']} {error['hint']}".strip()) from problem
        except (ValueError, KeyError, TypeError):
            raise Refused(f"{client.url} answers {problem.code}. Is Imitatoes installed there?") from problem
    except urllib.error.URLError as problem:
        raise Refused(f"No ComfyUI answers at {client.url}: {problem.reason}.") from problem


def read_json(path: Path) -> Any:
    """Raises Refused."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise Refused(f"{path} cannot be read as JSON: {problem}") from problem


def told(experiment: dict[str, Any]) -> None:
    print(f"{experiment['id']}: {experiment['state']}. {experiment['message']}")
