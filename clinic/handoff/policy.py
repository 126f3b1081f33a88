"""How staff are called, as `paging` in clinic.yml says it for each severity."""

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PagingPolicy(BaseModel):
    """`next_after_seconds`: unacknowledged, the next channel or person. `waits_for_opening`: not at night."""

    model_config = ConfigDict(extra="forbid")

    next_after_seconds: int = Field(ge=15, le=3600)
    everyone_after_minutes: int = Field(ge=1, le=240)
    repeat_minutes: int = Field(ge=1, le=240)
    unreached_after_minutes: int = Field(ge=1, le=240)
    waits_for_opening: bool = False

    @property
    def next_after(self) -> timedelta:
        return timedelta(seconds=self.next_after_seconds)

    @property
    def everyone_after(self) -> timedelta:
        return timedelta(minutes=self.everyone_after_minutes)

    @property
    def repeat_after(self) -> timedelta:
        return timedelta(minutes=self.repeat_minutes)

    @property
    def unreached_after(self) -> timedelta:
        return timedelta(minutes=self.unreached_after_minutes)


class Paging(BaseModel):
    """One policy for each severity. Only a concern may wait for the clinic to open."""

    model_config = ConfigDict(extra="forbid")

    concern: PagingPolicy
    acute: PagingPolicy
    imminent: PagingPolicy

    @model_validator(mode="after")
    def urgent_never_waits(self) -> Self:
        if self.acute.waits_for_opening or self.imminent.waits_for_opening:
            raise ValueError("only a concern may wait for the clinic to open")
        return self

    def of(self, severity: str) -> PagingPolicy:
        return {"concern": self.concern, "acute": self.acute, "imminent": self.imminent}[severity]
