"""Policies that somebody has, and what was observed held against them: `verify` and `diff`.

The judge is `synthesizer.evaluator`; what infers policies is never asked.
"""
