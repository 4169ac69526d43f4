"""Commands: one transaction each, that writes facts and commands and never a state (design section 2)."""
