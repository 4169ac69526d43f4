"""The rules, pure: no clock, no input or output, no engine, no SQL (design section 6)."""
