"""What tests of several kinds share: a real engine, a real PostgreSQL."""
