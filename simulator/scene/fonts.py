"""Fonts for what is burnt into the picture."""

from collections.abc import Sequence
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

CHINESE_FONTS = tuple(
    Path("/usr/share/fonts") / name
    for name in (
        "opentype/noto/NotoSansCJK-Bold.ttc",
        "opentype/noto/NotoSansCJK-Regular.ttc",
        "noto-cjk/NotoSansCJK-Bold.ttc",
        "google-noto-cjk/NotoSansCJK-Bold.ttc",
        "truetype/wqy/wqy-zenhei.ttc",
        "truetype/wqy/wqy-microhei.ttc",
    )
)
_SIMPLIFIED = 2
"""Index of the simplified Chinese face in Noto's collections (JP, KR, SC, TC, HK)."""


class Fonts:
    """Fonts by size: the first of `candidates` that exists, otherwise the Latin one that Pillow brings."""

    def __init__(self, candidates: Sequence[Path] = CHINESE_FONTS) -> None:
        self._path = next((path for path in candidates if path.exists()), None)

    @property
    def chinese(self) -> bool:
        return self._path is not None

    def sized(self, pixels: int) -> Font:
        if self._path is None:
            return ImageFont.load_default(size=pixels)
        index = _SIMPLIFIED if "Noto" in self._path.name else 0
        return ImageFont.truetype(str(self._path), pixels, index=index)

    def either(self, chinese: str, latin: str) -> str:
        """The text these fonts can write."""
        return chinese if self.chinese else latin
