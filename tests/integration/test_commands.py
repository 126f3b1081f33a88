"""The `lotus` command from the shell."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from cli.scratch import environment_for
from clinic.chat.conversations import add_message, add_visitor_message, start_conversation
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.db import Database
from clinic.migrate import migrate
from clinic.settings import ROOT, Settings


def run(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "lotus"), *arguments],
        env=environment_for(folder, **settings),
        capture_output=True,
        text=True,
        check=False,
    )


def test_lists_are_empty_json_on_a_fresh_machine(tmp_path: Path) -> None:
    for what in ("escalations", "appointments"):
        done = run(what, "--json", "--all", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == []


def test_a_wrong_setting_is_named_with_what_to_mend(tmp_path: Path) -> None:
    done = run("escalations", folder=tmp_path, LOTUS_PORT="99999999")
    assert done.returncode == 2
    assert "port" in done.stderr
    assert "docs/settings.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_clinic_file_is_named(tmp_path: Path) -> None:
    done = run("escalations", folder=tmp_path, LOTUS_CLINIC_FILE=str(tmp_path / "none.yml"))
    assert done.returncode == 2
    assert "clinic.yml" in done.stderr


def test_the_doctor_says_what_is_missing(tmp_path: Path) -> None:
    done = run("doctor", folder=tmp_path)
    assert "LOTUS_ALERT_URLS" in done.stdout


def test_in_production_mode_nothing_starts_with_nobody_on_call(tmp_path: Path) -> None:
    done = run("serve", "worker", folder=tmp_path, LOTUS_MODE="production", LOTUS_SECRET_KEY="k" * 32)
    assert done.returncode == 1
    assert "oncall_list_empty" in done.stderr


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_in_production_mode_nothing_starts_without_a_secret_key(tmp_path: Path, command: str) -> None:
    done = run(command, folder=tmp_path, LOTUS_MODE="production")
    assert done.returncode == 2
    assert "LOTUS_MODE=production needs LOTUS_SECRET_KEY" in done.stderr
    assert "openssl rand -hex 32" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "secret.key").exists()


def test_evaluating_a_file_without_its_columns_says_which(tmp_path: Path) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text("text\nhello\n")
    done = run("evaluate", "screen", str(file), folder=tmp_path)
    assert done.returncode == 2
    assert "label" in done.stderr


def test_evaluating_the_screen_ends_in_one_json_line(tmp_path: Path) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text('id\ttext\tlabel\na\ti want to die\tcrisis\nb\tis "k" like ketamine?\tnot_crisis\n')
    done = run("evaluate", "screen", str(file), folder=tmp_path)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["n"], result["recall"], result["false_positive_rate"], result["misses"]) == (2, 1.0, 0.0, [])


def test_purging_says_how_much_went(tmp_path: Path) -> None:
    assert "Deleted 0 conversations" in run("purge", folder=tmp_path).stdout


def test_a_port_that_is_taken_is_named_with_the_setting_to_change(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", "web", folder=tmp_path, LOTUS_PORT=port)
    assert done.returncode == 1
    assert port in done.stderr
    assert "LOTUS_PORT" in done.stderr


def ask_without_an_answer(folder: Path, *texts: str) -> None:
    """Each text in a conversation of its own, and all of them fell back."""
    url = f"sqlite:///{folder / 'lotus.db'}"
    migrate(url)
    database, now = Database(url), utc_now()
    with database.transaction() as session:
        for text in texts:
            conversation, _ = start_conversation(session, clinic=Settings().clinic, now=now)
            asked = add_visitor_message(session, conversation=conversation, client_id="1", text=text, now=now)
            reply = Reply("fallback", "I'm not sure I understood")
            add_message(session, conversation=conversation, reply=reply, now=now, turn_of=asked)
    database.close()


def test_insights_name_the_subject_and_not_the_visitor(tmp_path: Path) -> None:
    ask_without_an_answer(tmp_path, "my bladder? Zebulon, 801-555-0123", "and the bladder")
    as_json, table = run("insights", "--json", folder=tmp_path), run("insights", folder=tmp_path)
    found = json.loads(as_json.stdout.splitlines()[-1])
    assert found["total"]["fell_back"] == 2
    assert [(group["about"], group["conversations"]) for group in found["groups"]] == [(["bladder"], 2)]
    assert "bladder" in table.stdout
    for private in ("Zebulon", "zebulon", "801", "0123"):
        assert private not in as_json.stdout + table.stdout


def test_insights_on_a_fresh_machine_say_what_to_do_next(tmp_path: Path) -> None:
    done = run("insights", "--days", "7", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nothing to report" in done.stdout
    assert "lotus evaluate answers" in done.stdout
