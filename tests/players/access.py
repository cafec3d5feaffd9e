"""What the examples of `clients/` do at the street's door, and what they have written."""

from collections.abc import Sequence
from pathlib import Path

from tests.cluster.decoding import play
from tests.parts.access_clients import Ran, run_program
from tests.parts.bureau import Bureau

LANGUAGES = ["go", "java", "python"]


async def ran(client: Sequence[str], bureau: Bureau, *command: str | Path, officer: str = "031877") -> Ran:
    """A command of the example, to its end."""
    return await run_program((*client, *bureau.options(officer), *command))


async def shown(film: Path) -> list[float]:
    """The instants burnt into its pictures, all of which are legible."""
    played = await play(str(film), instants=True)
    instants = [instant for instant in played.instants if instant is not None]
    assert len(instants) == len(played.instants) > 0
    return instants
