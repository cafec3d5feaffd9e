from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of encoded loops, shared by the tests so that each is encoded once."""
    return tmp_path_factory.mktemp("loops")
