"""Settings of cameras as custom resources, `SNOWLIGHT_KUBERNETES_*`."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from snowlight.config import service_settings_config

_NAMESPACE = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


class CameraResourceSettings(BaseSettings):
    """What ingest is told of cameras as custom resources."""

    model_config = service_settings_config("kubernetes")

    camera_resources: bool = Field(
        False,
        description="Bring Camera resources of Kubernetes into the registry (docs/camera-resources.md).",
    )
    camera_resources_namespace: str | None = Field(
        None,
        pattern=_NAMESPACE,
        description="Where they are. Unset: in the namespace that ingest runs in.",
    )
    namespace: str | None = Field(
        None, pattern=_NAMESPACE, description="The namespace that ingest runs in. Unset: not on Kubernetes."
    )

    @model_validator(mode="after")
    def _check_namespace(self) -> Self:
        if self.camera_resources and self.where is None:
            raise ValueError("SNOWLIGHT_KUBERNETES_CAMERA_RESOURCES needs SNOWLIGHT_KUBERNETES_NAMESPACE")
        return self

    @property
    def where(self) -> str | None:
        """The namespace that the resources are in; None where there are none."""
        if not self.camera_resources:
            return None
        return self.camera_resources_namespace or self.namespace
