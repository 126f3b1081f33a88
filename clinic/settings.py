"""Settings: environment variables `LOTUS_*` for the machine, `clinic.yml` for the clinic. Checked at start."""

from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


Hours = dict[Weekday, tuple[time, time]]


def _read_ranges(value: dict[str, str]) -> dict[str, tuple[str, str]]:
    """`monday: "09:00-17:00"` becomes a pair."""
    return {day: tuple(hours.split("-")) if isinstance(hours, str) else hours for day, hours in value.items()}  # type: ignore[misc]


def _in_order(value: Hours) -> Hours:
    if wrong := [day for day, (opens, closes) in value.items() if opens >= closes]:
        raise ValueError(f"the end is not after the start on {', '.join(wrong)}")
    return value


class ProviderInfo(BaseModel):
    """An APRN as `clinic.yml` names them at first; from then on the database has them. No hours: the call hours."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    name: str = Field(min_length=1, max_length=80)
    hours: Hours | None = None

    @field_validator("hours", mode="before")
    @classmethod
    def read_ranges(cls, value: dict[str, str] | None) -> object:
        return value and _read_ranges(value)

    @field_validator("hours")
    @classmethod
    def in_order(cls, value: Hours | None) -> Hours | None:
        return value and _in_order(value)


class BookingRules(BaseModel):
    """How calls are booked. A slot is a call and the buffer after it; slots start at even parts of the hour."""

    model_config = ConfigDict(extra="forbid")

    call_minutes: int = Field(default=20, ge=5, le=60)
    buffer_minutes: int = Field(default=10, ge=0, le=55)
    notice_minutes: int = Field(default=60, ge=0, le=10_080)
    horizon_days: int = Field(default=30, ge=1, le=120)
    hold_minutes: int = Field(default=10, ge=1, le=60)
    reminder_minutes: int = Field(default=120, ge=15, le=2_880)
    request_owner: str = "appointments"
    holidays: str = Field(default="US-UT", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")
    providers: list[ProviderInfo] = [ProviderInfo(id="aprn", name="APRN")]

    @model_validator(mode="after")
    def grid_fits_the_hour(self) -> Self:
        """Slots that start at the same minutes in every hour stay where they are over a change of the clock."""
        if self.slot_minutes not in (10, 15, 20, 30, 60):
            raise ValueError("call_minutes and buffer_minutes have to make 10, 15, 20, 30 or 60 minutes together")
        return self

    @property
    def slot_minutes(self) -> int:
        return self.call_minutes + self.buffer_minutes


class ClinicInfo(BaseModel):
    """What `clinic.yml` says of the clinic. Times of day are in `time_zone`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    phone: str
    time_zone: str
    retention_days: int = Field(ge=1, le=3650)
    call_hours: Hours
    booking: BookingRules = BookingRules()

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
        return _read_ranges(value)

    @field_validator("call_hours")
    @classmethod
    def in_order(cls, value: Hours) -> Hours:
        return _in_order(value)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Settings(BaseSettings):
    """One field per `LOTUS_<FIELD>` variable; docs/settings.md explains each."""

    model_config = SettingsConfigDict(env_prefix="LOTUS_", extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8000, ge=1, le=65535)
    rasa_port: int = Field(default=5005, ge=1, le=65535)
    actions_port: int = Field(default=5055, ge=1, le=65535)
    host: str = "127.0.0.1"
    data_dir: Path = ROOT / ".lotus"
    database_url: str = ""
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
    mode: Literal["development", "production"] = "development"
    data_keys: Annotated[list[SecretStr], Field(validate_default=True)] = []
    public_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://[^/\s]+$")
    email_url: SecretStr = SecretStr("")
    sms_url: SecretStr = SecretStr("")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("data_dir", "clinic_file", "model_dir")
    @classmethod
    def absolute(cls, value: Path) -> Path:
        """All parts mean the same place, whichever folder they run in."""
        return value.absolute()

    @field_validator("data_keys")
    @classmethod
    def usable_keys(cls, value: list[SecretStr], info: ValidationInfo) -> list[SecretStr]:
        """Without keys of its own a production service would lock names and phones with a key beside them."""
        for number, key in enumerate(value, 1):
            try:
                Fernet(key.get_secret_value())
            except ValueError as problem:
                raise ValueError(f"key {number} is not one; `lotus keys new` makes one") from problem
        if not value and info.data.get("mode") == "production":
            raise ValueError("LOTUS_MODE=production needs LOTUS_DATA_KEYS; `lotus keys new` makes a key")
        return value

    @cached_property
    def clinic(self) -> ClinicInfo:
        return ClinicInfo.model_validate(yaml.safe_load(self.clinic_file.read_text(encoding="utf-8")))

    @property
    def database(self) -> str:
        """The database's URL; SQLite in the data folder where none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lotus.db'}"

    @property
    def tracker_database(self) -> Path:
        """Rasa's own conversation memory (SQLite)."""
        return self.data_dir / "rasa-tracker.db"

    @property
    def spool_dir(self) -> Path:
        """Escalations that the database could not take yet."""
        return self.data_dir / "spool"

    @property
    def key_file(self) -> Path:
        """Development's own keys, one a line, the first one encrypts. Not read where LOTUS_DATA_KEYS is set."""
        return self.data_dir / "data-keys"

    @property
    def rasa(self) -> str:
        return self.rasa_url or f"http://127.0.0.1:{self.rasa_port}"

    @property
    def actions(self) -> str:
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}"
