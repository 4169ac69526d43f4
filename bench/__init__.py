"""Measurements as ratios against a ceiling in the same run: ``make bench`` (never a timed test)."""
