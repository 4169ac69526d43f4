"""The command line: `fairclaim --help` lists its commands."""
