"""Build hook of the wheel: with SNOWLIGHT_COMPILED=1 the way of a packet is compiled (docs/design/0016).

The sources are the same, and are in the wheel as well: Python takes what is compiled first. Without it
nothing here is done, and the wheel is for every platform.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledBuildHook(BuildHookInterface[Any]):
    """`modules`, in pyproject.toml: what is compiled, as paths or patterns from the root."""

    _scratch: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """hatchling: before the wheel is put together."""
        if os.environ.get("SNOWLIGHT_COMPILED") != "1" or version == "editable":
            return
        self._scratch = tempfile.TemporaryDirectory(prefix="snowlight-compiled-")
        built = Path(self._scratch.name)
        sources = sorted(
            str(path.relative_to(self.root))
            for pattern in self.config["modules"]
            for path in Path(self.root).glob(pattern)
            if path.name != "__init__.py"
        )
        _compile(sources, built)
        for library in built.rglob("*.so"):
            build_data["force_include"][str(library)] = str(library.relative_to(built))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """hatchling: the wheel is there."""
        if self._scratch is not None:
            self._scratch.cleanup()


def _compile(sources: list[str], built: Path) -> None:
    """Extension modules of `sources` into the folder `built`."""
    from mypyc.build import mypycify
    from setuptools import setup

    scratch = built / "scratch"
    arguments = ["--quiet", "build_ext", "--build-lib", str(built), "--build-temp", str(scratch)]
    setup(
        name="snowlight",
        packages=[],
        py_modules=[],
        ext_modules=mypycify(sources, target_dir=str(scratch), opt_level="3", debug_level="0"),
        script_args=arguments,
    )
