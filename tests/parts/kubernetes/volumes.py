"""What a storage driver does, as the API sees it: a claim that a pod waits for gets a volume."""

from tests.parts.kubernetes.following import follow, insist
from tests.parts.kubernetes.rest import KubernetesRest, Object

STORAGE_CLASS = "standard"
PROVISIONER = "snowlight.test/folders"
_PROVISIONER_ANNOTATION = "volume.kubernetes.io/storage-provisioner"
_NODE_ANNOTATION = "volume.kubernetes.io/selected-node"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_VOLUMES = "/api/v1/persistentvolumes"


async def provision_volumes(rest: KubernetesRest) -> None:
    """Until cancelled: a claim is bound once its pod is scheduled, and its volume ends with it."""
    await insist(rest.create, CLASSES, storage_class(STORAGE_CLASS, is_default=True))
    async for kind, claim in follow(rest, "/api/v1/persistentvolumeclaims"):
        if claim["metadata"].get("annotations", {}).get(_PROVISIONER_ANNOTATION) != PROVISIONER:
            continue
        volume = _volume(claim)
        if kind == "DELETED":
            await insist(rest.delete, f"{_VOLUMES}/{volume['metadata']['name']}")
        elif "volumeName" not in claim["spec"] and _NODE_ANNOTATION in claim["metadata"]["annotations"]:
            await insist(rest.create, _VOLUMES, volume)


def storage_class(name: str, *, is_default: bool = False) -> Object:
    """One whose claims get volumes from `provision_volumes`."""
    annotations = {"storageclass.kubernetes.io/is-default-class": str(is_default).lower()}
    return {
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": PROVISIONER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }


def _volume(claim: Object) -> Object:
    metadata = claim["metadata"]
    name = f"pvc-{metadata['uid']}"
    return {
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": claim["spec"]["resources"]["requests"],
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": STORAGE_CLASS,
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "hostPath": {"path": f"/var/lib/{name}"},
        },
    }
