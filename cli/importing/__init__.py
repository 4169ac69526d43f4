"""Importing a file, step by step (INT-03): `sheets` reads it, `fields` and `values` understand it, the kinds load it."""
