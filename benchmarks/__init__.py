"""What the pack costs, measured on the real code path. Run one: python dev.py bench NAME. See README.md."""
