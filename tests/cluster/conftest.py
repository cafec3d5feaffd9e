"""The door for public-security systems, and platforms that come to it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.parts.access_clients import JavaClients, python_client
from tests.parts.bureau import AccessDoor


@pytest.fixture
def door(tmp_path: Path) -> AccessDoor:
    """The cluster's, where `snowlight_settings` open it."""
    return AccessDoor(tmp_path / "door")


@pytest.fixture
def platforms(go_client: tuple[str, ...], java_clients: JavaClients) -> Mapping[str, tuple[str, ...]]:
    """The command of the example in each language."""
    return {"go": go_client, "java": java_clients.client, "python": python_client()}
