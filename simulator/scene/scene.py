"""The moving picture of one camera."""

import numpy as np
from numpy.typing import NDArray

from simulator.loop.parameters import LoopParameters
from simulator.scene.fonts import Fonts
from simulator.scene.osd import OnScreenDisplay


class Scene:
    def __init__(self, parameters: LoopParameters, fonts: Fonts) -> None:
        self._osd = OnScreenDisplay(parameters.title, parameters.latin_title, parameters.height, fonts)
        self._ground = np.full((parameters.height, parameters.width, 3), (120, 150, 110), np.uint8)

    def picture(self, second: float) -> NDArray[np.uint8]:
        """RGB picture at `second` of the minute, shape (height, width, 3); it repeats every 60 s."""
        picture = self._ground.copy()
        self._osd.draw(picture, second)
        return picture
