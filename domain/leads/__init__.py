"""Leads (线索): who may become a customer, offered to one person at a time (LEAD-01 to LEAD-16)."""
