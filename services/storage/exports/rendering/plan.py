"""Which recorded objects become one file. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from snowlight.evidence.manifest import EvidenceObject, to_ms
from snowlight.media.fragment import ObjectKey

LONGEST_FILE_MS = 2 * 3_600_000
LARGEST_FILE = 2 << 30
"""Bytes. What is longer does not fit on a stick formatted with FAT32, and is begun anew after a restart."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One camera's file, the `number`th."""

    camera_uid: str
    number: int
    objects: tuple[EvidenceObject, ...]

    @property
    def size(self) -> int:
        """Bytes that are read for it."""
        return sum(each.size for each in self.objects)

    def mark(self, how: str) -> str:
        """The same for what would become the same file. `how`: it is rendered."""
        told = "\n".join([how, *(f"{each.file} {each.sha256}" for each in self.objects)])
        return sha256(told.encode()).hexdigest()


def plan_files(camera_uid: str, objects: Sequence[EvidenceObject]) -> list[FilePlan]:
    """A file ends where the parameter sets change, and where it would be too long."""
    groups: list[list[EvidenceObject]] = []
    for each in objects:
        if not groups or _needs_another(groups[-1], each):
            groups.append([])
        groups[-1].append(each)
    return [FilePlan(camera_uid, at, tuple(group)) for at, group in enumerate(groups, 1)]


def _needs_another(group: Sequence[EvidenceObject], each: EvidenceObject) -> bool:
    return (
        ObjectKey.parse(group[-1].key).init8 != ObjectKey.parse(each.key).init8
        or to_ms(each.end) - to_ms(group[0].start) > LONGEST_FILE_MS
        or sum(one.size for one in group) + each.size > LARGEST_FILE
    )
