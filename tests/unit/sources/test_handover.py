"""What a camera's thread hands over goes on after the loop was too late for some of it."""

import asyncio

from services.ingest.sources.libav.handover import Handover

SIZE = 1 << 20


async def test_a_source_that_overflowed_once_delivers_again_and_tells_the_loss_first() -> None:
    told: list[str] = []
    handover = Handover(asyncio.get_running_loop(), lambda units: told.append(f"lost {units}"))
    for number in range(10):  # more than is held while the loop does not come round
        assert handover.put(lambda number=number: told.append(f"{number}"), SIZE)  # type: ignore[misc]
    await asyncio.sleep(0)
    assert told == [f"{number}" for number in range(8)]
    assert handover.put(lambda: told.append("10"), SIZE)
    await asyncio.sleep(0)
    assert told[8:] == ["lost 2", "10"]
    assert handover.put(lambda: told.append("11"), SIZE)
    await asyncio.sleep(0)
    assert told[10:] == ["11"]
    assert handover.drained == 3
    handover.close()
    assert not handover.put(lambda: told.append("too late"), SIZE)
