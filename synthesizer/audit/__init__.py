"""Observed edges held against policies, those in force and the suggested one: what would have been refused.

Pure but for `restore`; `Audit` is the way in and out.
"""
