"""`python dev.py bench faces`: see _faces_bench.py, which takes the pack's engine."""

from __future__ import annotations

import sys

from rehearsal.of_pack import of_pack

if __name__ == "__main__":
    sys.exit(of_pack("benchmarks._faces_bench").main(sys.argv[1:]))
