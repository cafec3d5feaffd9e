"""Camera and CameraSite as they are written down, read from the API's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.ingest.kubernetes.client import Manifest, path_of

GROUP = "snowlight.io"
GROUP_VERSION = f"{GROUP}/v1alpha1"
FINALIZER = f"{GROUP}/camera-registry"
"""Keeps a deleted Camera until the registry has forgotten the camera too."""
ADOPT = f"{GROUP}/adopt"
"""Annotation, "true": the resource is of the camera that is registered under its name already."""
CREDENTIALS_LABEL = f"{GROUP}/camera-credentials"
"""Label, "true", of Secrets that cameras may be sent."""


def camera_path(namespace: str, name: str = "", subresource: str = "") -> str:
    """Of one Camera, or of all."""
    return path_of(GROUP_VERSION, "cameras", name, namespace=namespace, subresource=subresource)


def site_path(namespace: str, name: str = "", subresource: str = "") -> str:
    """Of one CameraSite, or of all."""
    return path_of(GROUP_VERSION, "camerasites", name, namespace=namespace, subresource=subresource)


@dataclass(frozen=True, slots=True)
class CameraResource:
    """One Camera. `spec` and `status` are as the schema has them."""

    name: str
    namespace: str
    uid: str
    """The resource's own, not the camera's."""
    version: str
    generation: int
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    finalizers: tuple[str, ...]
    adopts: bool
    is_deleted: bool

    @classmethod
    def of(cls, manifest: Manifest) -> "CameraResource":
        metadata = manifest["metadata"]
        return cls(
            name=metadata["name"],
            namespace=metadata["namespace"],
            uid=metadata["uid"],
            version=metadata["resourceVersion"],
            generation=metadata["generation"],
            spec=manifest["spec"],
            status=manifest.get("status") or {},
            finalizers=tuple(metadata.get("finalizers") or ()),
            adopts=(metadata.get("annotations") or {}).get(ADOPT) == "true",
            is_deleted="deletionTimestamp" in metadata,
        )

    @property
    def camera_uid(self) -> str:
        """The registry's uid of its camera, as was last told; "" before."""
        return str(self.status.get("uid", ""))

    @property
    def is_to_be_forgotten(self) -> bool:
        """Deleting the resource deletes the camera."""
        return self.spec.get("deletionPolicy") != "Orphan"


def secret_of(camera: Manifest, site: Manifest | None) -> str:
    """The name of the Secret that a camera's credentials are in, its own or its site's; "" for none."""
    own = camera["spec"].get("credentialsSecretRef")
    shared = site["spec"].get("credentialsSecretRef") if site is not None else None
    return str((own or shared or {}).get("name", ""))


def asks_for_work(before: Manifest | None, now: Manifest | None) -> bool:
    """Whether a change is more than one of status, or of what others keep in the metadata."""
    if before is None or now is None:
        return True
    was_kept = FINALIZER in (before["metadata"].get("finalizers") or ())
    is_kept = FINALIZER in (now["metadata"].get("finalizers") or ())
    return _asked(before) != _asked(now) or (was_kept and not is_kept)


def _asked(manifest: Manifest) -> tuple[Any, ...]:
    metadata = manifest["metadata"]
    return (
        *(metadata.get(key) for key in ("uid", "generation", "deletionTimestamp")),
        (metadata.get("annotations") or {}).get(ADOPT),
    )
