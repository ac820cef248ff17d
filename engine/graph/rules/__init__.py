"""The rules of `check`, one file for each kind. A rule reads a GraphView and yields findings."""
