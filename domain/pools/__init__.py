"""Pools (公海): where customers lie whom nobody holds, and who may take which of them when (POOL-01 to POOL-11)."""
