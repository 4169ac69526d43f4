"""Importing a file (INT-03): `sheets` reads it, `fields` and `values` understand it, the kinds load it."""
