"""The database: engine, sessions and the one way to run a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session

# SQLite: how long a writer waits for another one before it gives up. Actions and web cap a turn well above it.
BUSY_TIMEOUT_MS = 3_000
# PostgreSQL: a dead server is noticed soon, a row is waited for as long as on SQLite, and a transaction whose process
# has gone does not keep its rows. `web` has up to 30 threads at the database; a crisis must not wait for a connection.
KEPT_OPEN, MORE = 10, 30
WAIT_FOR_CONNECTION = 3.0
IDLE_IN_TRANSACTION_MS = 30_000


class UtcDateTime(TypeDecorator[datetime]):
    """Stores aware datetimes as naive UTC, returns them aware. A naive value is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[type, type]] = {datetime: UtcDateTime}


def one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    """A CHECK that the column holds one of the states."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(state)) for state in states)})", name=f"{column}_known")


def open_engine(url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine for SQLite (WAL, foreign keys on, committed means on disk) or PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed,
            pool_pre_ping=True,
            pool_size=KEPT_OPEN,
            max_overflow=MORE,
            pool_timeout=WAIT_FOR_CONNECTION,
            connect_args={
                "connect_timeout": 3,
                "tcp_user_timeout": 5_000,
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 3,
                "options": f"-c lock_timeout={busy_timeout_ms}"
                f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
            },
        )
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": busy_timeout_ms / 1000})

    @event.listens_for(engine, "connect")
    def configure(connection, _record) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late; see below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # a committed escalation survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_as_writer(connection) -> None:
        # A deferred transaction that reads first and writes later fails at once where another one wrote in
        # between, without waiting; taking the write lock at the start waits its turn instead.
        if not connection.get_execution_options().get("read_only"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class Database:
    """Opens transactions. One instance per process, made at start, never at import."""

    def __init__(self, url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        self.engine = open_engine(url, busy_timeout_ms=busy_timeout_ms)
        self._reading = self.engine.execution_options(read_only=True)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commits at the end of the block, rolls back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries only; it takes no write lock."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
