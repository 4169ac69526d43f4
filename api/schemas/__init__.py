"""Shapes of requests and answers. Requests are strict: unknown fields are refused (AUD-04)."""
