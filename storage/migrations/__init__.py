"""Alembic migrations, and what tables alone cannot say."""
