"""What of all that happens a client is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.gateway.cameras.happenings import deleted_body
from services.gateway.cameras.journal import Happening, Kind
from services.gateway.people.sight import Sight
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError

TYPES = ("camera_state", "camera_health", "camera_changed", "camera_deleted", "export")


@dataclass(frozen=True)
class Choice:
    """What a client asked for."""

    types: frozenset[str]
    region: str
    """"" for everything they see."""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Choice:
        """Raises InvalidArgumentError("types")."""
        types = frozenset(filter(None, query.get("types", "").split(",")))
        if not types <= set(TYPES):
            raise InvalidArgumentError("request.types", f"types must be of {', '.join(TYPES)}", field="types")
        return cls(types or frozenset(TYPES), query.get("region", ""))

    @property
    def of_cameras(self) -> bool:
        return self.types != {"export"}

    def check(self, sight: Sight) -> None:
        """Raises NotFoundError("region") for a region the client does not see."""
        if self.region and self.region not in sight.names:
            raise NotFoundError("region.not_found", "there is no such region", field="region")


class View:
    """What a client is told while its sight goes over from `before` to `now`."""

    def __init__(self, choice: Choice, before: Sight, now: Sight) -> None:
        self._choice = choice
        self._before = before.camera_uids
        self._now = now.camera_uids
        self._regions = (
            before.below(choice.region) | now.below(choice.region) if choice.region else frozenset[str]()
        )

    def tells(self, kind: Kind, camera: camera_pb2.Camera) -> bool:
        """Whether this is told of a camera that is there now."""
        return kind in self._choice.types and camera.uid in self._now and self._is_chosen({camera.region})

    def of(self, happening: Happening) -> Happening | None:
        """What is told of it. A camera that has gone out of sight is deleted to the client; of one that it
        never saw it hears nothing."""
        is_seen = happening.uid in self._now
        if happening.kind == "camera_deleted":
            is_seen = is_seen or happening.uid in self._before
        elif happening.kind == "camera_changed" and not is_seen and happening.uid in self._before:
            body = deleted_body(happening.name, happening.uid)
            happening, is_seen = replace(happening, kind="camera_deleted", body=body), True
        is_told = is_seen and happening.kind in self._choice.types and self._is_chosen(happening.regions)
        return happening if is_told else None

    def _is_chosen(self, regions: frozenset[str] | set[str]) -> bool:
        """Where a deleted camera was may not be known any more."""
        return not self._choice.region or not regions or bool(self._regions & regions)
