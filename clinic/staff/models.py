"""The tables of staff and of their sign-ins. Times are UTC."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, one_of


class StaffRole(StrEnum):
    staff = "staff"
    admin = "admin"


class Staff(Base):
    """Somebody who may sign in. `first_name` and `title` are what a visitor reads when they join a chat.

    `password_hash` is argon2's; `totp_secret` is set once a code of it was shown to work, and `totp_step` is the time
    step of the last code that was taken: no code counts twice. `is_active` false keeps the row, for the audit trail,
    and lets nobody in. `must_change_password`: somebody else knows the password, so the next thing is to choose one.
    """

    __tablename__ = "staff"
    __table_args__ = (one_of("role", StaffRole),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    first_name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(16), default=StaffRole.staff)
    crisis_trained: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_step: Mapped[int | None]
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class StaffSession(Base):
    """A sign-in that lasts until it is idle, too old, ended or replaced. Only the token's hash is stored.

    `is_complete` is false between the password and the code. `enrolling_secret` is the TOTP secret that the sign-in
    page shows until a code of it has been typed.
    """

    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey(Staff.id, ondelete="CASCADE"), index=True)
    is_complete: Mapped[bool]
    enrolling_secret: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
