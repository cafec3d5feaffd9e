"""docs/operations.md is what operators set a cluster up by: it names every setting, with what it does."""

import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from services.auth.config import AuthSettings
from services.gateway.access.config import AccessSettings
from services.gateway.config import GatewaySettings
from services.ingest.config import IngestSettings, TranscodingSettings
from services.ingest.kubernetes.config import KubernetesSettings
from services.storage.config import StorageSettings
from snowlight.config import ClusterSettings, TlsSettings, TracingSettings
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
SETTINGS = (
    ClusterSettings,
    TlsSettings,
    TracingSettings,
    ObjectStoreSettings,
    EvidenceSettings,
    IngestSettings,
    TranscodingSettings,
    KubernetesSettings,
    StorageSettings,
    AuthSettings,
    GatewaySettings,
    AccessSettings,
)


def _rows(settings: type[BaseSettings]) -> dict[str, tuple[str, str]]:
    """Default and description by environment variable; nested settings have prefixes of their own."""
    prefix = settings.model_config["env_prefix"]
    return {
        f"{prefix}{name}".upper(): (_told(field.default), field.description or "")
        for name, field in settings.model_fields.items()
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings))
    }


def _told(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, tuple):  # networks: the guide names the RFC
        return "RFC 1918, `fc00::/7`"
    if isinstance(default, re.Pattern):
        return f"`{default.pattern}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


@pytest.mark.parametrize("settings", SETTINGS)
def test_every_setting_is_in_the_operations_guide_as_the_code_has_it(settings: type[BaseSettings]) -> None:
    guide = OPERATIONS.read_text(encoding="utf-8")
    rows = {
        cells[1].strip().strip("`"): (cells[2].strip(), cells[3].strip())
        for cells in (line.split("|") for line in guide.splitlines() if line.startswith("| `SNOWLIGHT_"))
    }
    for variable, told in _rows(settings).items():
        assert rows.get(variable) == told, variable
