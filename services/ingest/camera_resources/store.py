"""All resources of one namespace as they were last heard of, and which of them name which."""

from collections.abc import Callable, Iterable

from services.ingest.camera_resources.resources import (
    CREDENTIALS_LABEL,
    asks_for_work,
    camera_path,
    secret_of,
    site_path,
)
from services.ingest.kubernetes.client import KubernetesClient, Manifest, path_of
from services.ingest.kubernetes.reflector import Reflector


class ResourceStore:
    """Tells which cameras have to be looked at, and which sites count anew."""

    def __init__(
        self,
        client: KubernetesClient,
        namespace: str,
        on_camera: Callable[[str], None],
        on_status: Callable[[str], None],
        on_site: Callable[[str], None],
    ) -> None:
        """`on_camera`: something has changed that a camera is made of. `on_status`: only what is told of it,
        or by whom. `on_site`: a site, or which cameras it has."""
        self.cameras = Reflector(client, camera_path(namespace), self._camera)
        self.sites = Reflector(client, site_path(namespace), self._site)
        self.secrets = Reflector(
            client,
            path_of("v1", "secrets", namespace=namespace),
            self._secret,
            {"labelSelector": f"{CREDENTIALS_LABEL}=true"},
        )
        self._on_camera = on_camera
        self._on_status = on_status
        self._on_site = on_site
        self._by_site: dict[str, set[str]] = {}

    async def listed(self) -> None:
        """Return once all that there is has been heard of."""
        for reflector in (self.cameras, self.sites, self.secrets):
            await reflector.listed.wait()

    def cameras_of(self, site: str) -> Iterable[str]:
        """The names of the cameras that name `site`."""
        return self._by_site.get(site, ())

    def site_of(self, camera: Manifest) -> Manifest | None:
        """The site that a camera names, if there is one."""
        name = camera["spec"].get("siteRef")
        return self.sites.get(name) if name else None

    def secret_of(self, camera: Manifest) -> Manifest | None:
        """The Secret of a camera's credentials, if there is one."""
        name = secret_of(camera, self.site_of(camera))
        return self.secrets.get(name) if name else None

    def _camera(self, name: str, before: Manifest | None, now: Manifest | None) -> None:
        was = before["spec"].get("siteRef") if before is not None else None
        is_now = now["spec"].get("siteRef") if now is not None else None
        if was and was != is_now:
            self._by_site[was].discard(name)
            if not self._by_site[was]:
                del self._by_site[was]
            self._on_site(was)
        if is_now and was != is_now:
            self._by_site.setdefault(is_now, set()).add(name)
            self._on_site(is_now)
        if asks_for_work(before, now):
            self._on_camera(name)
        elif now is not None:
            self._on_status(name)

    def _site(self, name: str, before: Manifest | None, now: Manifest | None) -> None:
        if asks_for_work(before, now):
            for camera in self.cameras_of(name):
                self._on_camera(camera)
        self._on_site(name)

    def _secret(self, name: str, before: Manifest | None, now: Manifest | None) -> None:
        if before is not None and now is not None and before.get("data") == now.get("data"):
            return
        for camera in self.cameras:
            if secret_of(camera, self.site_of(camera)) == name:
                self._on_camera(camera["metadata"]["name"])
