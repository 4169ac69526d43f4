"""Tables, the unit of work, the adapters of the ports, read queries, migrations."""
