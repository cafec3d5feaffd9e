"""A layout of the wall, and favourites."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WallLayout:
    """Cameras by tile. They are kept by uid: a camera that takes the id of another inherits no tile."""

    layout_id: str
    owner: str
    """ "principals/{id}" """
    display_name: str
    tiles: int
    camera_uids: tuple[str, ...]
    """ "" leaves a tile empty."""
    patrol: tuple[tuple[str, ...], ...]
    """Groups that are shown one after the other, each as `camera_uids`."""
    patrol_s: int
    """How long each is shown; 0 without a patrol."""
    shared_with: str
    """The code of the region whose people see it; "" for none."""
    create_ms: int
    update_ms: int
    version: int = 1

    @property
    def name(self) -> str:
        return f"wall_layouts/{self.layout_id}"


@dataclass(frozen=True, slots=True)
class Favourites:
    """Somebody's cameras in their own order."""

    camera_uids: tuple[str, ...] = ()
    version: int = 0
