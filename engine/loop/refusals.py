"""What a user's request about a run may meet. The messages are plain text for the user."""

from __future__ import annotations


class RunNotFound(Exception):
    """No run of that id, live or on disk."""


class NotNow(Exception):
    """The run's state does not allow this. The message says why and what to do."""


class RunIsOver(Exception):
    """A prompt of a run that no longer waits for it: nothing is judged, and no run starts with it."""


class TakenOver(NotNow):
    """Another server has the run by now: this one may not write it."""
