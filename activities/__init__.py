"""Activities: what workflows have done for them. Ports go in, one transaction each, no SQL here."""
