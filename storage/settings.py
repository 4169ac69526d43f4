"""Settings of a process, from the environment (prefix ``FAIRCLAIM_``) or the command line."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What one process needs to know about its surroundings."""

    model_config = SettingsConfigDict(
        env_prefix="FAIRCLAIM_", extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    data: Path = Path(".data")
    database_url: str | None = None
    temporal_address: str = Field(default="127.0.0.1:7233", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="fairclaim", validation_alias="TEMPORAL_NAMESPACE")
    temporal_api_key: str | None = Field(default=None, validation_alias="TEMPORAL_API_KEY", repr=False)
    task_queue: str = "fairclaim"
    keys: Path | None = None
    checkpoints: Path | None = None
    files: Path | None = None
    log_level: str = "INFO"
    #: How long a command waits for its decision before it answers 202, in seconds.
    wait_s: float = 3.0
    #: So many commands may wait undecided before new ones are refused with `engine_unavailable`.
    waiting_max: int = 10_000
    smtp_url: str | None = Field(default=None, repr=False)
    smtp_from: str = "fairclaim@localhost"
    webhook_url: str | None = None
    webhook_secret: str | None = Field(default=None, repr=False)
    webhook_allow_private: bool = False
    #: Where customers answer who served them first; the code is appended (CNF-01).
    confirm_url: str | None = None
    body_max_bytes: int = 2_000_000
    file_max_bytes: int = 20_000_000

    @field_validator("database_url")
    @classmethod
    def _is_one_of_ours(cls, url: str | None) -> str | None:
        try:
            known = url is None or sa.make_url(url).get_backend_name() in ("sqlite", "postgresql")
        except sa.exc.ArgumentError:
            known = False
        if not known:
            raise ValueError("is sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE")
        return url

    @property
    def url(self) -> str:
        """The database: the given one, else one SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'fairclaim.db'}"

    @property
    def key_file(self) -> Path:
        return self.keys or self.data / "keys.json"

    @property
    def checkpoint_folder(self) -> Path:
        return self.checkpoints or self.data / "checkpoints"

    @property
    def file_folder(self) -> Path:
        return self.files or self.data / "files"

    @property
    def channels(self) -> tuple[str, ...]:
        """Outside channels that are switched on (NTF-01)."""
        return tuple(name for name, url in (("email", self.smtp_url), ("webhook", self.webhook_url)) if url is not None)
