"""The `lotus` command from the shell."""

import json
import socket
import subprocess
from pathlib import Path

from cli.scratch import environment_for
from clinic.settings import ROOT


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
