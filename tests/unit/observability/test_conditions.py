"""What a process waits for is told to Prometheus, condition by condition."""

from prometheus_client import CollectorRegistry

from snowlight.observability.admin import Health
from snowlight.observability.conditions import tell_conditions


def test_each_condition_is_told_as_it_is_at_the_scrape() -> None:
    registry, health, holds = CollectorRegistry(), Health(), {"database": False}
    tell_conditions(registry, health)
    health.require("auth.database", lambda: holds["database"])
    health.require("auth.clock", lambda: True)

    assert condition(registry, "auth.database") == 0
    assert condition(registry, "auth.clock") == 1
    holds["database"] = True
    assert condition(registry, "auth.database") == 1


def condition(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value("snowlight_condition", {"condition": name})
