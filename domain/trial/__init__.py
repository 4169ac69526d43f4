"""Trial runs (试运行): rules are computed and shown as 'would have', and refuse, lapse and post nothing (POL-08)."""
