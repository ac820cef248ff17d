"""Measuring the product on a user's own model and judge: prompts, arms, what was seen, statistics and reports. Pure."""
