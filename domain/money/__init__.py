"""Money (佣金): deals, shares, and what the commission ledger says of them (COM-01 to COM-12; design section 5)."""
