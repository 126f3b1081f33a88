"""The engine: what needs Rasa itself runs in its own Python (engine/checks), once for all tests of this file."""

import ast
import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from cli.scratch import Scratch
from cli.train import ENGINE
from clinic.settings import ROOT

CHECKS = ROOT / "engine" / "checks"
NEURAL = "pipeline: [{name: DIETClassifier}]\npolicies: [{name: RulePolicy}]\n"


def names() -> list[str]:
    return [
        f"{file.stem}:{node.name}"
        for file in sorted(CHECKS.glob("test_*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def in_engine(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [str(ENGINE), "-m", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def checked() -> dict[str, str | None]:
    done = in_engine("engine.checks")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", names())
def test_in_the_engine(checked: dict[str, str | None], name: str) -> None:
    assert checked[name] is None, checked[name]


def test_the_running_engine_has_not_loaded_tensorflow(service: Scratch) -> None:
    [rasa] = [
        child
        for child in psutil.Process(service.process.pid).children(recursive=True)
        if child.cmdline()[1:3] == ["-m", "engine"]
    ]
    loaded = [mapped.path for mapped in rasa.memory_maps()]
    assert any("onnxruntime" in path for path in loaded)
    assert not [path for path in loaded if "tensorflow" in path]


def test_a_config_that_needs_tensorflow_is_refused_with_the_reason(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"recipe: default.v1\nassistant_id: x\nlanguage: en\n{NEURAL}")
    arguments = ["--config", str(config), "--domain", "domain.yml", "--data", "data/rules", "data/nlu/greet.yml"]
    done = in_engine("engine", "train", *arguments, "--out", str(tmp_path))
    assert done.returncode == 1
    assert "DIETClassifier needs TensorFlow, which this engine leaves out" in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.tar.gz"))
