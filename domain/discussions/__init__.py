"""Team discussions (团队讨论) about a customer on whom several people met (DSP-07)."""
