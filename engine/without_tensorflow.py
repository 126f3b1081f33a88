"""Rasa without TensorFlow: what only its neural classifiers and policies need is never imported.

Rasa imports TensorFlow wherever it lists its components, used or not: two thirds of its memory and of its start.
`install()` puts stand-ins in the place of the modules that import it; the classes in them say what is missing as soon
as anybody uses them. docs/decisions/0015-without-tensorflow.md has the reasons and figures.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from types import ModuleType
from typing import Any, NoReturn, Optional, Sequence, Text

LEFT_OUT = ("tensorflow", "keras")
# Modules of Rasa that cannot be imported without TensorFlow, and what others import from them.
HELPERS = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
}
COMPONENTS = {
    "rasa.core.policies.ted_policy": ("TEDPolicy",),
    "rasa.core.policies.unexpected_intent_policy": ("UnexpecTEDIntentPolicy",),
    "rasa.nlu.classifiers.diet_classifier": ("DIETClassifier",),
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": ("ConveRTFeaturizer",),
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": ("LanguageModelFeaturizer",),
    "rasa.nlu.selectors.response_selector": ("ResponseSelector",),
}


def explanation(name: Text) -> Text:
    return (
        f"{name} needs TensorFlow, which this engine leaves out (docs/decisions/0015-without-tensorflow.md). "
        "Take it out of config.yml, or out of engine/without_tensorflow.py."
    )


def install() -> None:
    """Call before the first import of Rasa."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def refuse_in_config() -> None:
    """Let a config.yml that names one of the components end with the explanation. Call after Rasa was imported."""
    from rasa.engine.recipes.default_recipe import DefaultV1Recipe
    from rasa.shared.exceptions import InvalidConfigException

    names = {name for some in COMPONENTS.values() for name in some}
    find = DefaultV1Recipe._from_registry.__func__

    def from_registry(cls: type, name: Text) -> Any:
        if name.rpartition(".")[2] in names:
            raise InvalidConfigException(explanation(name))
        return find(cls, name)

    DefaultV1Recipe._from_registry = classmethod(from_registry)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: Text, path: Optional[Sequence[Text]], target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        if name in HELPERS or name in COMPONENTS:
            return importlib.machinery.ModuleSpec(name, _Loader())
        if name.partition(".")[0].partition("_")[0] in LEFT_OUT:
            raise ModuleNotFoundError(explanation(f"Importing {name}"), name=name)
        return None


class _Loader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        for name in HELPERS.get(module.__name__, ()):
            setattr(module, name, type(name, (), {"__module__": module.__name__, "__init__": _refuse}))
        for name in COMPONENTS.get(module.__name__, ()):
            setattr(module, name, _component(name, module.__name__))


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise ImportError(explanation(type(self).__name__))


def _component(name: Text, module: Text) -> type:
    """A class that Rasa can compare others with, and that refuses to be part of a graph (a model's, for example)."""
    from rasa.engine.graph import GraphComponent
    from rasa.shared.exceptions import InvalidConfigException

    def get_default_config() -> NoReturn:
        raise InvalidConfigException(explanation(name))

    return type(name, (GraphComponent,), {"__module__": module, "get_default_config": staticmethod(get_default_config)})
