"""One card for everything: what is short, what to free in which order, what fits beside what, and how to say it."""
