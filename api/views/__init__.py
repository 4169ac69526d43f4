"""Answers: rows made into what a reader may see. Reads only."""
