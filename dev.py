"""Runs the project on a bare machine: `python dev.py demo`, `python dev.py test` and the like.

Standard library only. Makes .venv beside this file, installs what is needed once, and is quick from then on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.txt"
TORCH = "torch==2.13.0"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")

USAGE = """usage: python dev.py demo [--goal TEXT] [--json]
       python dev.py test [pytest arguments]
       python dev.py bench NAME [--json]
       python dev.py judge --model NAME [--url http://...] [--rehearsal] [--json]
       python dev.py pictures"""


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in ("demo", "test", "bench", "judge", "pictures"):
        print(USAGE)
        return 2
    if sys.version_info < (3, 10):  # noqa: UP036  (whoever runs this may have an older one)
        print("Imitatoes needs Python 3.10 or newer; this is", sys.version.split()[0])
        return 2
    try:
        install()
    except subprocess.CalledProcessError as problem:
        print(f"Installing failed: {problem}. Check the network and run this again; what is done is kept.")
        return 1
    if command == "test":
        return run([str(PYTHON), "-m", "pytest", *rest])
    if command == "demo":
        return run([str(PYTHON), "-m", "rehearsal.demo", *rest])
    if command == "judge":
        return run([str(PYTHON), "-m", "rehearsal.self_test", *rest])
    if command == "pictures":
        return run([str(PYTHON), "-m", "rehearsal.pictures", *rest])
    return bench(rest)


def bench(arguments: list[str]) -> int:
    known = sorted(p.stem for p in (ROOT / "benchmarks").glob("*.py") if not p.stem.startswith("_"))
    if not arguments or arguments[0] not in known:
        print(f"usage: python dev.py bench NAME [--json], NAME one of: {', '.join(known)}")
        return 2
    return run([str(PYTHON), "-m", f"benchmarks.{arguments[0]}", *arguments[1:]])


def run(command: list[str]) -> int:
    """Run a command at the root with few threads: the work is small, and more threads only fight for the cores."""
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"), "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def install() -> None:
    """Make the environment and install into it, unless that was done for these very requirements."""
    wanted = hashlib.sha256("".join([TORCH, *((ROOT / r).read_text() for r in REQUIREMENTS)]).encode()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Installing into .venv: a few minutes the first time.", flush=True)
    if not PYTHON.exists():
        venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # First, so that nothing else pulls in a torch of its own choice.
    subprocess.run([*pip, TORCH], check=True)
    subprocess.run([*pip, *(part for r in REQUIREMENTS for part in ("-r", str(ROOT / r)))], check=True)
    STAMP.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
