"""What every request may use; made once per process."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.gateway import Gateway
from api.reads import ReadMeter
from storage.database import Database
from storage.setting import Snapshots
from storage.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts of one API process."""

    settings: Settings
    database: Database
    snapshots: Snapshots
    gateway: Gateway
    reads: ReadMeter = field(default_factory=ReadMeter)
