"""The whole service tried from outside on real input: ``python -m tests.acceptance --crm FOLDER``."""
