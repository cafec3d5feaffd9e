"""The offline check of an export: signature, footage, and that nothing of the window is passed over."""

from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

from joserfc.jwk import OKPKey

from snowlight.errors import DataLossError, NotFoundError
from snowlight.evidence.manifest import (
    EvidenceCamera,
    EvidenceObject,
    EvidenceRendering,
    Manifest,
    parse_manifest,
    to_ms,
)
from snowlight.evidence.signature import SIGNATURE_SUFFIX, check_signature

JOIN_MS = 1_000
"""A hole up to this long between two objects is none."""


@dataclass(slots=True)
class Verdict:
    """What was found. Without problems, the export is whole and as it was signed."""

    manifest: Manifest
    signer: str
    """Thumbprint (RFC 7638) of the key that signed."""
    objects: int = 0
    rendered: int = 0
    """Rendered files that were found."""
    rendered_alone: bool = False
    """None of the recorded objects is here: the rendered files were taken without them."""
    size: int = 0
    """Bytes of objects and rendered files read."""
    problems: list[str] = field(default_factory=list)


def verify(path: Path, trusted: OKPKey | None = None) -> Verdict:
    """Check the manifest at `path` and what lies beside it. Blocks.

    `trusted`: the cluster's public key, got on another way; without it the manifest proves only that it and
    the footage belong together. Raises NotFoundError for a missing manifest or signature and DataLossError
    for one that does not hold; whatever is wrong with the footage is in the verdict. Rendered files may be
    taken without any of the objects that they were made of, not with some of them.
    """
    data, signature = _read(path), _read(path.with_name(path.name + SIGNATURE_SUFFIX))
    signer = check_signature(data, signature, trusted)
    verdict = Verdict(parse_manifest(data), signer)
    manifest = verdict.manifest
    verdict.rendered_alone = any(manifest.rendered()) and not any(
        (path.parent / each.file).exists() for each in manifest.objects()
    )
    for camera in manifest.cameras:
        for rendering in camera.rendered:
            verdict.rendered += _check_file(path.parent, rendering, verdict)
        for each in () if verdict.rendered_alone else camera.objects:
            verdict.objects += _check_object(path.parent, each, verdict)
        verdict.problems += _unexplained(verdict.manifest, camera)
    return verdict


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError("evidence.file_missing", f"{path} is not there", field=path.name) from None
    except OSError as error:
        raise DataLossError("evidence.file_unreadable", f"{path} cannot be read", field=path.name) from error


def _check_object(folder: Path, each: EvidenceObject, verdict: Verdict) -> bool:
    if each.committed_sha256 and each.committed_sha256 != each.sha256:
        verdict.problems.append(f"{each.file}: is not what was recorded by its SHA-256")
    return _check_file(folder, each, verdict)


def _check_file(folder: Path, each: EvidenceObject | EvidenceRendering, verdict: Verdict) -> bool:
    """Whether it could be read."""
    try:
        with (folder / each.file).open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except FileNotFoundError:
        verdict.problems.append(f"{each.file}: is not there")
        return False
    except OSError as error:
        verdict.problems.append(f"{each.file}: cannot be read ({error.strerror})")
        return False
    verdict.size += size
    if size != each.size:
        verdict.problems.append(f"{each.file}: has {size} bytes, the manifest says {each.size}")
    elif digest != each.sha256:
        verdict.problems.append(f"{each.file}: its SHA-256 is {digest}, the manifest says {each.sha256}")
    return True


def _unexplained(manifest: Manifest, camera: EvidenceCamera) -> list[str]:
    """Parts of the window for which there is neither footage nor a gap with its cause."""
    parts = [(to_ms(each.start), to_ms(each.end)) for each in camera.objects]
    parts += [(to_ms(gap.start), to_ms(gap.end)) for gap in camera.gaps]
    reached, end = to_ms(manifest.start), to_ms(manifest.end)
    found: list[str] = []
    for start_ms, end_ms in [*sorted(parts), (end, end)]:
        missing_ms = min(start_ms, end) - reached
        if missing_ms > JOIN_MS:
            found.append(
                f"{camera.uid}: {missing_ms / 1000:.1f} s of the window are neither footage nor a gap"
            )
        reached = max(reached, end_ms)
    return found
