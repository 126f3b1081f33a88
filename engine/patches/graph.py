"""Rasa's graph of components, run one after the other instead of through dask's scheduler."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Tuple

import rasa.core.processor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphNode, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

Step = Tuple[Text, GraphNode, List[Text]]  # a node's name, the node, the names of what it needs


class StraightGraphRunner(DaskGraphRunner):
    """Plans the order of the nodes once for each set of targets. Serving only: dask frees memory while training."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: Dict[Tuple[Text, ...], List[Step]] = {}

    def run(self, inputs: Optional[Dict[Text, Any]] = None, targets: Optional[List[Text]] = None) -> Dict[Text, Any]:
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(self._graph_schema.minimal_graph_schema(list(wanted)))
        done: Dict[Text, Any] = {}
        self._add_inputs_to_graph(inputs, done)
        try:
            for name, node, needs in self._plans[wanted]:
                done[name] = node(*[done.get(need, need) for need in needs])
        except RuntimeError as problem:
            raise GraphRunError("Error running runner.") from problem
        return {name: done[name][1] for name in wanted}

    def _plan(self, schema: GraphSchema) -> List[Step]:
        steps: Dict[Text, Step] = {}

        def visit(name: Text) -> None:
            if name in steps or name not in schema.nodes:
                return  # planned, or one of the inputs
            needs = list(schema.nodes[name].needs.values())
            for need in needs:
                visit(need)
            steps[name] = (name, self._instantiated_nodes[name], needs)

        for name in schema.nodes:
            visit(name)
        return list(steps.values())


def apply() -> None:
    rasa.core.processor.DaskGraphRunner = StraightGraphRunner
