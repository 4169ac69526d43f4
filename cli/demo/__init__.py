"""``fairclaim demo``: a company, a month in it, and the file of its appealed case."""
