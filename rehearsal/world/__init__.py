"""The rehearsal world: the tutorial's shapes, painter and facts (engine/tutorial), with what only tests need of it.

A package of two folders, so that everything here is one world under one name, wherever it is imported from.
"""

from pathlib import Path

__path__.append(str(Path(__file__).resolve().parents[2] / "engine" / "tutorial"))
