"""What a process waits for before it is ready, as a metric: an alert can then say what is missing."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from snowlight.observability.admin import Health


class _Conditions(Collector):
    def __init__(self, health: Health) -> None:
        self._health = health

    def describe(self) -> Iterable[Metric]:
        yield self._family()

    def collect(self) -> Iterable[Metric]:
        family = self._family()
        for name, holds in self._health.conditions().items():
            family.add_metric([name], float(holds))
        yield family

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "snowlight_condition", "1 while a condition of readiness holds, else 0.", labels=["condition"]
        )


def tell_conditions(registry: CollectorRegistry, health: Health) -> None:
    """`snowlight_condition` tells of every condition of `health`, at each scrape, whether it holds."""
    registry.register(_Conditions(health))
