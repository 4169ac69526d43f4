"""``python -m tests.faults.loud …``: the command line, with every library telling all it can."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from cli.main import main

if __name__ == "__main__":
    everything = LoggingConfig(filter=TelemetryFilter(core_level="DEBUG", other_level="INFO"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=everything)))
    # It keeps to warnings of its own accord; at this level it writes every statement and every row it reads.
    logging.getLogger(sa.__name__).setLevel(logging.DEBUG)
    main()
