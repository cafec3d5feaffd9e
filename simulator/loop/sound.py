"""What the village's microphones hear: a soft hum, a tick at each second and a chime at the full minute."""

import numpy as np
from numpy.typing import NDArray

from simulator.loop.parameters import LOOP_SECONDS


def village_sound(rate: int) -> NDArray[np.int16]:
    """One minute of mono sound at `rate` samples per second that joins on to itself."""
    time = np.arange(LOOP_SECONDS * rate) / rate
    hum = 0.02 * np.sin(2 * np.pi * 120 * time) * (1 + 0.5 * np.sin(2 * np.pi * time / 12))
    since_second = time % 1
    tick = 0.25 * np.exp(-since_second * 60) * np.sin(2 * np.pi * 1000 * since_second)
    chime = 0.2 * np.exp(-time * 2.5) * (np.sin(2 * np.pi * 523 * time) + np.sin(2 * np.pi * 784 * time))
    sound: NDArray[np.int16] = np.rint((hum + tick + chime) * 26_000).astype(np.int16)
    return sound
