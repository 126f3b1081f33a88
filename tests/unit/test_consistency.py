"""What has to agree across files: intents, examples, rules, actions, imports, locks and settings."""

import ast
import csv
import inspect
import re
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk import Action

from clinic.content import read_yaml
from clinic.library import read_topics
from clinic.settings import ROOT, Settings

PROJECT = ("actions", "cli", "clinic", "screen", "web", "worker", "engine", "scripts", "benchmarks", "tests")
NOT_TOPICS = {"express_crisis", "affirm", "deny", "stop", "follow_up", "inform"}
ANSWERED_KINDS = {"answer", "boundary", "smalltalk", "fallback"}
DOMAIN = read_yaml(ROOT / "domain.yml")
TOPICS = read_topics()
NLU_FILES = sorted((ROOT / "data" / "nlu").glob("*.yml"))
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock", ROOT / "engine" / "requirements.lock"]


def normal(text: str) -> str:
    """Casefolded, only letters and digits."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def examples(path: Path) -> list[str]:
    (entry,) = read_yaml(path)["nlu"]
    return [line.removeprefix("- ").strip() for line in entry["examples"].splitlines() if line.strip()]


def rules() -> list[dict[str, Any]]:
    return [rule for path in sorted((ROOT / "data" / "rules").glob("*.yml")) for rule in read_yaml(path)["rules"]]


def intents_of(rule: dict[str, Any]) -> list[str]:
    steps = rule["steps"]
    return [one["intent"] for step in steps for one in step.get("or", [step]) if "intent" in one]


def actions_of_rules() -> set[str]:
    return {step["action"] for rule in rules() for step in rule["steps"] if "action" in step}


@cache
def implemented() -> frozenset[str]:
    """Names of every action class in actions/ that the action server would register."""
    modules = [import_module(f"actions.{path.stem}") for path in (ROOT / "actions").glob("[!_]*.py")]
    classes = {
        found
        for module in modules
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Action) and found.__module__.startswith("actions.")
    }
    return frozenset(name for found in classes if not (name := found().name()).endswith("_"))


def test_the_intents_are_the_topics_and_six_more() -> None:
    assert Counter(DOMAIN["intents"]) == Counter([*TOPICS, *NOT_TOPICS])


def test_there_is_one_file_of_examples_for_each_intent() -> None:
    assert sorted(path.stem for path in NLU_FILES) == sorted(DOMAIN["intents"])


@pytest.mark.parametrize("path", NLU_FILES, ids=lambda path: path.stem)
class TestExamples:
    def test_the_file_holds_the_intent_of_its_name(self, path: Path) -> None:
        assert [entry["intent"] for entry in read_yaml(path)["nlu"]] == [path.stem]

    def test_there_are_at_least_20_and_none_twice(self, path: Path) -> None:
        found = [example.casefold() for example in examples(path)]
        assert [example for example, times in Counter(found).items() if times > 1] == []
        assert len(found) >= 20

    def test_no_example_is_a_command_or_annotated(self, path: Path) -> None:
        assert [one for one in examples(path) if one.startswith("/") or re.search(r"\[[^\]]*\]\(", one)] == []


def test_no_example_stands_under_two_intents() -> None:
    owners: dict[str, set[str]] = {}
    for path in NLU_FILES:
        for example in examples(path):
            owners.setdefault(example.casefold(), set()).add(path.stem)
    assert {example: sorted(intents) for example, intents in owners.items() if len(intents) > 1} == {}


def test_one_rule_answers_every_topic_that_has_a_reply() -> None:
    (rule,) = [rule for rule in rules() if rule["rule"] == "answer whatever was asked"]
    answered = [topic.id for topic in TOPICS.values() if topic.kind in ANSWERED_KINDS]
    assert Counter(intents_of(rule)) == Counter([*answered, "follow_up", "inform"])
    assert [step["action"] for step in rule["steps"] if "action" in step] == ["action_answer_question"]


def test_every_intent_starts_a_rule_outside_of_the_form_once() -> None:
    starts = [intent for rule in rules() if "condition" not in rule for intent in intents_of(rule)]
    assert Counter(starts) == Counter(DOMAIN["intents"])


def test_every_action_of_the_domain_is_implemented_and_no_other() -> None:
    assert sorted(DOMAIN["actions"]) == sorted(implemented())


def test_every_action_of_a_rule_is_in_the_domain() -> None:
    known = {*DOMAIN["actions"], *DOMAIN["forms"], "action_deactivate_loop"}
    assert actions_of_rules() - known == set()


def test_every_intent_that_leaves_the_form_has_a_rule_inside_it() -> None:
    inside = {intent for rule in rules() if "condition" in rule for intent in intents_of(rule)}
    assert set(DOMAIN["forms"]["booking_form"]["ignored_intents"]) == inside


@pytest.mark.parametrize("slot", DOMAIN["forms"]["booking_form"]["required_slots"])
def test_every_slot_of_the_form_is_asked_for_and_filled_only_then(slot: str) -> None:
    assert f"action_ask_booking_form_{slot}" in DOMAIN["actions"]
    (mapping,) = DOMAIN["slots"][slot]["mappings"]
    assert mapping["conditions"] == [{"active_loop": "booking_form", "requested_slot": slot}]


def strings_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in [*strings_in(key), *strings_in(one)]]
    if isinstance(value, list):
        return [text for one in value for text in strings_in(one)]
    return [value] if isinstance(value, str) else []


def screen_yaml(path: Path) -> object:
    """As screen.rules reads it: libyaml takes the notation's `(word)?` inside a list, PyYAML's own parser does not."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def tsv_cells(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) for cell in row]


@cache
def learned() -> frozenset[str]:
    """Every text that something is trained, tuned or written from, normalised."""
    screen = ROOT / "data" / "screen"
    texts = [example for path in NLU_FILES for example in examples(path)]
    texts += [text for path in sorted(screen.rglob("*.yml")) for text in strings_in(screen_yaml(path))]
    texts += [cell for path in sorted(screen.rglob("*.tsv")) for cell in tsv_cells(path)]
    return frozenset(map(normal, texts))


# times.tsv holds times, from which no model learns.
HELD_OUT = [path for path in sorted((ROOT / "tests" / "data").glob("*.tsv")) if path.name != "times.tsv"]


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: path.name)
def test_no_held_out_text_is_learned_from(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        held_out = [row.get("text") or row.get("question") or "" for row in rows]
    assert len(held_out) > 100
    # Line numbers only: whoever mends this must not learn the held-out words from it.
    assert [line for line, text in enumerate(held_out, 2) if normal(text) in learned()] == []


@cache
def imports_of(package: str) -> dict[str, frozenset[str]]:
    """The top-level names that each file of a package imports, anywhere in it."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or package).split(".")[0] if not node.level else package)
        found[str(path.relative_to(ROOT))] = frozenset(names)
    return found


FRAMEWORKS = {"rasa", "rasa_sdk", "fastapi", "starlette"}
FORBIDDEN = {
    "clinic": {"web", "actions", "worker", "cli", "engine", "screen", *FRAMEWORKS},
    "screen": {*PROJECT, *FRAMEWORKS} - {"screen"},
    "web": {"actions", "worker", "cli", "engine"},
    "actions": {"web", "worker", "cli", "engine"},
    "worker": {"web", "actions", "cli", "engine"},
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package: str) -> None:
    found = imports_of(package)
    assert found
    assert {
        file: sorted(names & FORBIDDEN[package]) for file, names in found.items() if names & FORBIDDEN[package]
    } == {}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
class TestLocks:
    def test_it_names_no_server(self, lock: Path) -> None:
        lines = lock.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if re.search(r"://|^\s*-(i|f)\b|--(extra-)?index|--find-links", line)] == []

    def test_every_package_is_pinned_with_a_hash(self, lock: Path) -> None:
        blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
        packages = [block for block in blocks if re.match(r"[A-Za-z0-9]", block)]
        assert len(packages) > 50
        assert [block.split()[0] for block in packages if "==" not in block or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert re.search(rf"\bLOTUS_{field.upper()}\b", documented)
