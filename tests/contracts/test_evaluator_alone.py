"""The judge shares no code with what it judges."""

import grimp


def test_the_evaluator_imports_only_itself_and_the_vocabulary():
    """Whatever module is added to the synthesizer, the evaluator may not come to use it."""
    graph = grimp.build_graph("synthesizer", "schemas", cache_dir=None)
    used = graph.find_upstream_modules("synthesizer.evaluator", as_package=True)
    assert {module for module in used if not module.startswith(("schemas", "synthesizer.evaluator"))} <= {"synthesizer"}
    assert graph.find_children("synthesizer.evaluator")
