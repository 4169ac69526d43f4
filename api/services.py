"""What every request may use; made once per process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from api.gateway import Gateway
from api.reads import ReadMeter
from api.wrong_codes import WrongCodes
from storage.company_names import CompanyNames
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
    wrong_codes: WrongCodes = field(default_factory=WrongCodes)
    names: CompanyNames = field(default_factory=CompanyNames)
    #: Set while commands are decided in time. While it is not, those that wait are counted before more are taken in.
    decides: threading.Event = field(default_factory=threading.Event)
