"""Reception (接待): who serves whoever arrives at a site, and what a completed reception does (LEAD-08 to LEAD-15)."""
