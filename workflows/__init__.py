"""Workflows: the durable process of each claim and the singletons that keep the house (design section 2)."""
