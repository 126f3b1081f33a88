"""The migrations and the models describe the same tables."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic.db import Database
from clinic.migrate import alembic_config, is_current, migrate
from clinic.models import Conversation, Message
from clinic.tables import Base
from tests.unit.chats import NOW


def test_a_migrated_database_has_the_shape_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'twice.db'}"
    migrate(url)
    migrate(url)
    opened = Database(url)
    assert is_current(opened.engine, url)
    opened.close()


def test_an_older_database_keeps_its_conversations_and_messages(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'older.db'}"
    command.upgrade(alembic_config(url), "0001")
    older = Database(url)
    with older.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO conversations VALUES"
            " ('chat', 'hash', 'waiting', 1, 1, 1, 1, 'es', '2026-11-23 17:30:00', '2026-11-23 17:30:00')"
        )
        connection.exec_driver_sql(
            "INSERT INTO messages (conversation_id, role, text, buttons, sources, created_at)"
            " VALUES ('chat', 'visitor', 'hola', '[]', '[]', '2026-11-23 17:30:00')"
        )
    migrate(url)
    with older.reading() as session:
        conversation = session.get_one(Conversation, "chat")
        assert (conversation.safety_question, conversation.says_minor, conversation.language) == (None, False, "es")
        assert session.scalars(select(Message.text)).all() == ["hola"]
    older.close()


def test_the_database_itself_refuses_an_unknown_safety_question(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(
            Conversation(id="chat", token_hash="x", created_at=NOW, last_visitor_at=NOW, safety_question="ask_nothing")
        )


def test_the_newest_step_can_be_taken_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'back.db'}"
    migrate(url)
    command.downgrade(alembic_config(url), "0001")
    migrate(url)
    opened = Database(url)
    assert is_current(opened.engine, url)
    opened.close()


def test_sqlite_runs_in_wal_mode_with_foreign_keys(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
