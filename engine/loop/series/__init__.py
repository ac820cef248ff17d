"""Many goals in order, one run each: a series."""
