"""Settings: environment variables `LOTUS_*` for the machine, `clinic.yml` for the clinic. Checked at start."""

import contextlib
import secrets
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from cryptography.fernet import Fernet
from holidays import list_supported_countries
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from clinic.handoff.policy import Paging

ROOT = Path(__file__).resolve().parent.parent
WEAKEST_PASSWORD_KIB = 19_456  # the least that OWASP's password storage cheat sheet names for argon2id
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


Hours = dict[Weekday, tuple[time, time]]


def _read_ranges(value: dict[str, str]) -> dict[str, tuple[str, str]]:
    """`monday: "09:00-17:00"` becomes a pair."""
    return {day: tuple(hours.split("-")) if isinstance(hours, str) else hours for day, hours in value.items()}  # type: ignore[misc]


def addresses(listed: str) -> list[str]:
    """Addresses with commas between them."""
    return [one.strip().rstrip("/") for one in listed.split(",") if one.strip()]


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
    opening_hours: Hours
    holidays: str = ""
    closed_days: list[date] = []
    paging: Paging
    booking: BookingRules = BookingRules()

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError("not a time zone such as America/Denver") from problem
        return value

    @field_validator("holidays")
    @classmethod
    def known_holidays(cls, value: str) -> str:
        """A country and a part of it as the library `holidays` names them."""
        if value:
            country, _, part = value.partition("-")
            if part not in list_supported_countries().get(country, []):
                raise ValueError("not a country and state such as US-UT")
        return value

    @field_validator("call_hours", "opening_hours", mode="before")
    @classmethod
    def read_ranges(cls, value: dict[str, str]) -> dict[str, tuple[str, str]]:
        return _read_ranges(value)

    @field_validator("call_hours", "opening_hours")
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
    tracker_url: str = ""
    rasa_url: str = ""
    actions_url: str = ""
    redis_url: SecretStr = SecretStr("")
    rasa_host: str = "127.0.0.1"
    actions_host: str = "127.0.0.1"
    clinic_file: Path = ROOT / "clinic.yml"
    model_dir: Path = ROOT / "models"
    allowed_origins: list[str] = []
    alert_urls: list[str] = []
    mode: Literal["development", "production"] = "development"
    heartbeat_url: str = ""
    secret_key: str = ""
    public_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    trusted_proxies: list[str] = ["127.0.0.1"]
    turn_seconds: float = Field(default=6.0, gt=0, le=30)
    messages_per_minute: int = Field(default=60, ge=1)
    conversations_per_hour: int = Field(default=1000, ge=1)
    password_memory_kib: int = Field(default=65536, ge=8, le=1048576)
    console_idle_minutes: int = Field(default=60, ge=5, le=720)
    console_hours: int = Field(default=12, ge=1, le=24)
    data_keys: Annotated[list[SecretStr], Field(validate_default=True)] = []
    email_url: SecretStr = SecretStr("")
    sms_url: SecretStr = SecretStr("")
    sms_webhook_secret: SecretStr = SecretStr("")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret_key")
    @classmethod
    def long_enough(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("at least 32 characters, for example from `openssl rand -hex 32`")
        return value

    @field_validator("data_dir", "clinic_file", "model_dir")
    @classmethod
    def absolute(cls, value: Path) -> Path:
        """All parts mean the same place, whichever folder they run in."""
        return value.absolute()

    @model_validator(mode="after")
    def fit_for_production(self) -> Self:
        if self.mode == "production" and self.password_memory_kib < WEAKEST_PASSWORD_KIB:
            raise ValueError(f"LOTUS_PASSWORD_MEMORY_KIB is under {WEAKEST_PASSWORD_KIB} in production")
        if self.mode == "production" and not self.secret_key:
            raise ValueError("LOTUS_MODE=production needs LOTUS_SECRET_KEY; `openssl rand -hex 32` makes one")
        return self

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
    def tracker(self) -> str:
        """The URL of Rasa's own conversation memory; SQLite in the data folder where none is set."""
        return self.tracker_url or f"sqlite:///{self.data_dir / 'rasa-tracker.db'}"

    @property
    def spool_dir(self) -> Path:
        """Escalations that the database could not take yet."""
        return self.data_dir / "spool"

    @cached_property
    def secret(self) -> str:
        """What links and sessions are signed with: LOTUS_SECRET_KEY, or a key kept in the data folder."""
        if self.secret_key:
            return self.secret_key
        path = self.data_dir / "secret.key"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # Written under another name first: a process that starts in the same moment must not read half a key.
            partial = path.with_suffix(f".{secrets.token_hex(4)}")
            partial.touch(mode=0o600, exist_ok=False)
            partial.write_text(secrets.token_urlsafe(48), encoding="utf-8")
            try:
                path.hardlink_to(partial)
            finally:
                partial.unlink()
        return path.read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        """Where people reach `web`, without a slash at the end: LOTUS_PUBLIC_URL, or this machine's own address."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def key_file(self) -> Path:
        """Development's own keys, one a line, the first one encrypts. Not read where LOTUS_DATA_KEYS is set."""
        return self.data_dir / "data-keys"

    @property
    def rasa(self) -> list[str]:
        """Where `web` finds Rasa: one address, or several that can stand in for each other."""
        return addresses(self.rasa_url) or [f"http://127.0.0.1:{self.rasa_port}"]

    @property
    def actions(self) -> list[str]:
        """Where Rasa finds the action server, likewise."""
        return addresses(self.actions_url) or [f"http://127.0.0.1:{self.actions_port}"]
