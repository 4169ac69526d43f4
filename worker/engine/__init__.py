"""The Temporal server under our claims: finding or building it, and running it on a file of its own."""

from worker.engine.binary import Attempt, EngineUnavailableError, Located, cache_folder, locate, survey
from worker.engine.build import PINNED_VERSION
from worker.engine.config import EngineOptions
from worker.engine.server import EmbeddedServer, EngineFailedError

__all__ = [
    "PINNED_VERSION",
    "Attempt",
    "EmbeddedServer",
    "EngineFailedError",
    "EngineOptions",
    "EngineUnavailableError",
    "Located",
    "cache_folder",
    "locate",
    "survey",
]
