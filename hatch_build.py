"""Builds `asyncdemo/compiled/_hot.c` where there is a compiler: the hot path of the recorder.

It is optional: where it cannot be built, asyncdemo is installed without it and records with its twins in Python.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

SOURCE = Path("asyncdemo", "compiled", "_hot.c")
FASTER = ["-fno-plt"] if sys.platform == "linux" else []
"""Calls of the interpreter's functions, which a step makes dozens of, without a detour: both gcc and clang know it."""


class CustomBuildHook(BuildHookInterface[Any]):
    """What hatchling calls before it packs a wheel, also an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles into the package, and has the wheel say which Python it is for."""
        if self.target_name != "wheel" or not self._wanted():
            return
        with tempfile.TemporaryDirectory(prefix="asyncdemo-") as folder:
            module = self._compiled(folder)
            if module is None:
                self.app.display_warning("asyncdemo: no compiler, so the recorder's hot path stays in Python")
                return
            place = SOURCE.parent / module.name
            shutil.copy(module, Path(self.root, place))
        build_data["artifacts"].append(place.as_posix())
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def _wanted(self) -> bool:
        """Not without the global lock, which an extension module that needs it would bring back; nor when told so."""
        return (
            sys.implementation.name == "cpython"
            and not sysconfig.get_config_var("Py_GIL_DISABLED")
            and not os.environ.get("ASYNCDEMO_PURE_PYTHON")
        )

    def _compiled(self, folder: str) -> Path | None:
        """The module, compiled into this folder, or None."""
        name = ".".join(SOURCE.with_suffix("").parts)
        extension = Extension(name, [str(Path(self.root, SOURCE))], extra_compile_args=FASTER)
        command = build_ext(Distribution({"name": "asyncdemo", "ext_modules": [extension]}))
        command.build_lib = command.build_temp = folder
        try:
            command.ensure_finalized()
            command.run()
        except Exception as fault:  # noqa: BLE001 - whatever a compiler and what calls it can come to
            self.app.display_debug(f"{type(fault).__name__}: {fault}")
            return None
        return Path(command.get_ext_fullpath(name))
