"""Detectors by name: the built-in one, those registered, and the models that lie in the models folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.detector.base import Detector, DetectorError
from embedded_server.detector.onnx_cards import find_model
from embedded_server.detector.onnx_detector import OnnxDetector
from embedded_server.detector.opencv import NAME as BUILTIN
from embedded_server.detector.opencv import OpenCvDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

REGISTRY: Mapping[str, Callable[[], Detector]] = {BUILTIN: OpenCvDetector}
"""Detectors that need no model file. A plugin is one more line here; a model file needs none."""


class DetectorShelf:
    """The detectors of one thread, made when first asked for; a failure is remembered until told otherwise."""

    def __init__(
        self,
        model_dirs: Sequence[Path],
        registry: Mapping[str, Callable[[], Detector]] = REGISTRY,
    ) -> None:
        self._model_dirs = model_dirs
        self._registry = registry
        self._made: dict[str, Detector] = {}
        self._failed: dict[str, DetectorError] = {}

    def has(self, name: str) -> bool:
        """Whether this one has been made already."""
        return name in self._made

    def get(self, name: str) -> Detector:
        """The detector of that name.

        Raises:
            DetectorError: if there is none, or it cannot be used.
        """
        if name in self._failed:
            raise self._failed[name]
        if name not in self._made:
            try:
                self._made[name] = self._make(name)
            except DetectorError as error:
                self._failed[name] = error
                raise
        return self._made[name]

    def forget_failures(self) -> None:
        """Try again what failed: files may have changed."""
        self._failed.clear()

    def _make(self, name: str) -> Detector:
        if maker := self._registry.get(name):
            return maker()
        return OnnxDetector(find_model(name, self._model_dirs))
