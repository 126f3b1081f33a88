"""The table of staff. Times are UTC."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, one_of


class StaffRole(StrEnum):
    staff = "staff"
    admin = "admin"


class Staff(Base):
    """Somebody who may sign in. `first_name` and `title` are what a visitor reads when they join a chat.

    `password_hash` is argon2's; `totp_secret` is set once a code of it was shown to work. `is_active` false keeps the
    row, for the audit trail, and lets nobody in.
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
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
