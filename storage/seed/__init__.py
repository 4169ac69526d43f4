"""Data that a new database starts with."""
