"""onnxruntime, and the only module that imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

from embedded_server.detector.base import ModelBroken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Array = npt.NDArray[Any]

_MOST_BYTES = 1_000_000_000


class Port(NamedTuple):
    """An input or output of a model; sides that the file leaves open are None."""

    name: str
    shape: tuple[int | None, ...]
    type: str


class Runner(Protocol):
    """A loaded model."""

    @property
    def inputs(self) -> Sequence[Port]:
        """What goes in."""

    @property
    def outputs(self) -> Sequence[Port]:
        """What comes out."""

    def run(self, tensor: Array) -> list[Array]:
        """Run it on the first input.

        Raises:
            ModelBroken: if it fails.
        """


class OnnxSession:
    """One session on one thread: one session per core beats one session with many threads."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise ModelBroken(self._name, "it is larger than 1 GB")
            self._session = onnxruntime.InferenceSession(  # type: ignore[attr-defined]
                str(path), _options(), providers=["CPUExecutionProvider"]
            )
        except OSError as error:
            raise ModelBroken(self._name, error.strerror or str(error)) from error
        except ModelBroken:
            raise
        except Exception as error:
            raise ModelBroken(self._name, _first_line(error)) from error
        self.inputs = tuple(_port(i) for i in self._session.get_inputs())
        self.outputs = tuple(_port(o) for o in self._session.get_outputs())
        if not self.inputs or not self.outputs:
            raise ModelBroken(self._name, "it has no input or no output")

    def run(self, tensor: Array) -> list[Array]:
        """Run it on the first input.

        Raises:
            ModelBroken: if it fails.
        """
        try:
            out = self._session.run(None, {self.inputs[0].name: tensor})
        except Exception as error:
            raise ModelBroken(self._name, _first_line(error)) from error
        return [np.asarray(array) for array in out]


def _options() -> Any:
    options = onnxruntime.SessionOptions()  # type: ignore[attr-defined]
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _port(value: Any) -> Port:
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in value.shape)
    return Port(value.name, shape, value.type)


def _first_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (text[:200] + "…" if len(text) > 200 else text) or type(error).__name__
