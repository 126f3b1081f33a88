"""Settings: environment variables `LOTUS_*` for the machine, `clinic.yml` for the clinic. Checked at start."""

from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class ClinicInfo(BaseModel):
    """What `clinic.yml` says of the clinic. Times of day are in `time_zone`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    phone: str
    time_zone: str
    retention_days: int = Field(ge=1, le=3650)
    call_hours: dict[Weekday, tuple[time, time]]

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError("not a time zone such as America/Denver") from problem
        return value

    @field_validator("call_hours", mode="before")
    @classmethod
    def read_ranges(cls, value: dict[str, str]) -> dict[str, tuple[str, str]]:
        """`monday: "09:00-17:00"` becomes a pair."""
        return {day: tuple(hours.split("-")) if isinstance(hours, str) else hours for day, hours in value.items()}  # type: ignore[misc]

    @field_validator("call_hours")
    @classmethod
    def in_order(cls, value: dict[str, tuple[time, time]]) -> dict[str, tuple[time, time]]:
        if wrong := [day for day, (opens, closes) in value.items() if opens >= closes]:
            raise ValueError(f"the end is not after the start on {', '.join(wrong)}")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Settings(BaseSettings):
    """One field per `LOTUS_<FIELD>` variable; docs/settings.md explains each."""

    model_config = SettingsConfigDict(env_prefix="LOTUS_", extra="ignore")

    port: int = Field(default=8000, ge=1, le=65535)
    rasa_port: int = Field(default=5005, ge=1, le=65535)
    actions_port: int = Field(default=5055, ge=1, le=65535)
    host: str = "127.0.0.1"
    data_dir: Path = ROOT / ".lotus"
    database_url: str = ""
    tracker_url: str = ""
    rasa_url: str = ""
    actions_url: str = ""
    clinic_file: Path = ROOT / "clinic.yml"
    model_dir: Path = ROOT / "models"
    allowed_origins: list[str] = []
    alert_urls: list[str] = []
    trusted_proxies: list[str] = ["127.0.0.1"]
    turn_seconds: float = Field(default=6.0, gt=0, le=30)
    messages_per_minute: int = Field(default=60, ge=1)
    conversations_per_hour: int = Field(default=1000, ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("data_dir", "clinic_file", "model_dir")
    @classmethod
    def absolute(cls, value: Path) -> Path:
        """All parts mean the same place, whichever folder they run in."""
        return value.absolute()

    @cached_property
    def clinic(self) -> ClinicInfo:
        return ClinicInfo.model_validate(yaml.safe_load(self.clinic_file.read_text(encoding="utf-8")))

    @property
    def database(self) -> str:
        """The database's URL; SQLite in the data folder where none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lotus.db'}"

    @property
    def tracker(self) -> str:
        """The URL of Rasa's own conversation memory; SQLite in the data folder where none is set."""
        return self.tracker_url or f"sqlite:///{self.data_dir / 'rasa-tracker.db'}"

    @property
    def spool_dir(self) -> Path:
        """Escalations that the database could not take yet."""
        return self.data_dir / "spool"

    @property
    def rasa(self) -> str:
        return self.rasa_url or f"http://127.0.0.1:{self.rasa_port}"

    @property
    def actions(self) -> str:
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}"
