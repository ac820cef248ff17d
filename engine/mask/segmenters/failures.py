"""What the user can mend before any picture is looked at."""

from __future__ import annotations


class SegmenterUnavailable(Exception):
    """No engine can look. The message says what is missing and what to do next."""
