"""Matters (归属事项): one program, subject and track, and everything waiting to be decided about it."""
