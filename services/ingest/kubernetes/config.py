"""Where ingest runs on Kubernetes, `SNOWLIGHT_KUBERNETES_*`. Without a namespace it does not."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from snowlight.config import service_settings_config


class KubernetesSettings(BaseSettings):
    """What the chart tells the pods of ingest."""

    model_config = service_settings_config("kubernetes")

    namespace: str | None = Field(
        None, description="The namespace that ingest runs in. Unset: it does not run on Kubernetes."
    )
    kubeconfig: Path | None = Field(
        None,
        description="File that tells how the API server is reached. Unset: as the pod's service account.",
    )
    stateful_set: str | None = Field(None, description="The StatefulSet whose pods are ingest's.")
    pod: str | None = Field(None, description="The pod that this process runs in.")
    node: str | None = Field(None, description="The node of that pod.")
    autoscale: bool = Field(
        False, description="Whether ingest sets the number of its replicas by what they have to do."
    )
    autoscale_least: int = Field(1, ge=1, description="Replicas that there always are.")
    autoscale_most: int = Field(10, ge=1, description="Replicas that there are at most.")
    autoscale_surge: int = Field(4, ge=1, description="Replicas that are added at a time.")
    autoscale_cameras: int = Field(500, ge=1, description="Cameras, switched on, that one worker is to have.")
    autoscale_cores: float = Field(
        0.7, gt=0, description="Cores that one worker is to use; a worker uses one at most, and a bit."
    )
    autoscale_spool_seconds: float = Field(
        600.0,
        gt=0,
        description="Footage that waits in the workers' spools, as seconds of what they record: where it is "
        "more and grows, one replica is added.",
    )
    autoscale_cool_down_seconds: float = Field(
        300.0, ge=0, description="How long fewer replicas must have been enough before one is taken away."
    )
    camera_resources: bool = Field(
        False, description="Whether cameras are kept as the custom resources Camera and CameraSite say."
    )
    camera_resources_namespace: str | None = Field(
        None, description="The namespace that these are in. Unset: ingest's own."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.autoscale_least > self.autoscale_most:
            raise ValueError("autoscale_least must not be more than autoscale_most")
        if self.autoscale and not (self.namespace and self.stateful_set):
            raise ValueError("autoscale needs namespace and stateful_set")
        if self.camera_resources and not self.namespace:
            raise ValueError("camera_resources needs namespace")
        return self
