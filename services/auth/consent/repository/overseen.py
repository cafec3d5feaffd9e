"""Which grants, consents and alerts somebody oversees: those for cameras in their scope."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from services.auth.repository.in_list import in_list
from services.auth.repository.regions import codes_below
from services.auth.tables.tickets import cameras


@dataclass(frozen=True, slots=True)
class Overseen:
    """Regions, by code, with all in them, and single cameras, by uid."""

    regions: Collection[str] = ()
    camera_uids: Collection[str] = ()

    def holds(
        self, region: sa.ColumnElement[str], camera_uid: sa.ColumnElement[str]
    ) -> sa.ColumnElement[bool]:
        """The camera, which lay in `region`, is one of them."""
        return sa.or_(
            region.in_(codes_below(in_list(self.regions))), camera_uid.in_(in_list(self.camera_uids))
        )

    def holds_now(self, camera_uid: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """The camera, where it lies now, is one of them."""
        return camera_uid.in_(sa.select(cameras.c.uid).where(self.holds(cameras.c.region, cameras.c.uid)))
