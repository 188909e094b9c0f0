"""Hypothesis without a deadline: two busy cores make one slow example, not a slow function."""

from hypothesis import HealthCheck, settings

settings.register_profile("collector", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("collector")
