"""Evidence to rules: what a policy has to admit, said in a small algebra of peers and ports.

Nothing here knows YAML, and nothing here may be imported by the evaluator, which judges what comes out.
"""
