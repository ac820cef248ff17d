"""The command line, under ComfyUI's own names: `args.base_directory`, `args.disable_metadata` and so on."""

from __future__ import annotations

import argparse

parser = argparse.ArgumentParser(description="A stand-in for ComfyUI: real graphs and real HTTP, painted pictures.")
parser.add_argument("--listen", type=str, default="127.0.0.1", metavar="IP")
parser.add_argument("--port", type=int, default=8188)
parser.add_argument("--base-directory", type=str, required=True)
parser.add_argument("--cpu", action="store_true")
parser.add_argument("--disable-metadata", action="store_true")
parser.add_argument("--front-end-root", type=str, default=None)
args = parser.parse_args()
