"""What the renderer process does: decode one picture, or copy packets into a clip."""

from __future__ import annotations

import faulthandler
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from embedded_server.children import leave_signals_to_the_server
from embedded_server.ipc import Channel, Message
from embedded_server.services.ports import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

JPEG_QUALITY = 88
_ONE_PICTURE_EARLY_S = 0.001
"""Rounding of times on the wire must not show the picture before."""


def renderer_main(connection: Connection[Any, Any], log_dir: str) -> None:
    """Entry function of the process: answers one request after the other until the pipe closes."""
    leave_signals_to_the_server()
    Path(log_dir).mkdir(parents=True, exist_ok=True)
    with (Path(log_dir) / "renderer.stderr.log").open("ab", buffering=0) as native:
        os.dup2(native.fileno(), 2)
        faulthandler.enable(native)
        cv2.setNumThreads(1)
        channel = Channel(connection)
        for request in channel:
            channel.send(answer(request))


def answer(request: Message) -> Message:
    """The answer to one request; what goes wrong is an answer too."""
    try:
        match request.kind:
            case "still":
                return Message("ok", {}, _still(request))
            case "frame":
                body = request.body
                picture = frame_at(Path(body["path"]), body["at_s"], width=body["width"])
                return Message("ok", {}, picture)
            case _:
                write_clip(
                    [(Path(path), start, end) for path, start, end in request.body["pieces"]],
                    Path(request.body["destination"]),
                )
                return Message("ok")
    except RenderError as error:
        return Message("error", {"message": str(error)})
    except (av.FFmpegError, OSError, ValueError, cv2.error) as error:
        return Message("error", {"message": _sentence(error)})


def last_picture(
    codec: str, extradata: bytes, units: list[bytes], *, width: int | None = None
) -> bytes:
    """JPEG of the last picture that a group of pictures decodes to.

    Raises:
        RenderError: there is none.
    """
    context = av.CodecContext.create(codec, "r")
    if not isinstance(context, av.VideoCodecContext):
        raise RenderError(f"{codec} is no codec for pictures.")
    context.thread_type, context.thread_count = "NONE", 1
    if extradata:
        context.extradata = extradata
    last: av.VideoFrame | None = None
    for unit in [*units, None]:
        try:
            frames = context.decode(av.Packet(unit) if unit is not None else None)
        except av.error.InvalidDataError:
            continue  # one damaged picture; the next may be whole
        last = frames[-1] if frames else last
    if last is None:
        raise RenderError("The camera's stream holds no picture that can be decoded.")
    return _jpeg(last, width)


def frame_at(path: Path, at_s: float, *, width: int | None = None) -> bytes:
    """JPEG of the picture shown at a time of a segment; the last one if it ends before.

    Raises:
        RenderError: the file is not there, is damaged, or holds no picture.
    """
    with _open(path) as container:
        stream = _video(container, path)
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1
        container.seek(max(0, round(at_s * 1_000_000)))
        shown = _shown_at(container, stream, at_s)
        if shown is None:
            container.seek(0)
            shown = _shown_at(container, stream, at_s)
        if shown is None:
            raise RenderError("The recording holds no picture at this time.")
        return _jpeg(shown, width)


def write_clip(pieces: list[tuple[Path, float, float]], destination: Path) -> None:
    """Copy the packets of each piece, from the key frame before its start on, into one MP4.

    Raises:
        RenderError: nothing can be read, or the codec changes between the pieces.
    """
    part = destination.with_name(destination.name + ".part")
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as output:
            joined = _Joined(output)
            for path, start_s, end_s in pieces:
                with _open(path) as container:
                    joined.add(container, _video(container, path), start_s, end_s)
            if not joined.packets:
                raise RenderError("There is no footage at this time.")
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)


class _Joined:
    """Pieces one after the other in one file, with stamps that go on."""

    def __init__(self, output: OutputContainer) -> None:
        self._output = output
        self._stream: VideoStream | None = None
        self._codec = ""
        self._next_s = 0.0
        self.packets = 0

    def add(
        self, container: InputContainer, stream: VideoStream, start_s: float, end_s: float
    ) -> None:
        if self._stream is None:
            self._stream = self._output.add_stream_from_template(stream)
            self._codec = stream.codec_context.name
        if stream.codec_context.name != self._codec:
            raise RenderError("The camera's codec changes within this time. Choose a shorter time.")
        container.seek(max(0, round(start_s * 1_000_000)))
        shift: int | None = None
        tick_s = float(stream.time_base or 1)
        for packet in _packets(container, stream):
            if packet.pts is None or packet.dts is None or packet.pts * tick_s >= end_s:
                if packet.is_keyframe:
                    break
                continue
            if shift is None:
                shift = round(self._next_s / tick_s) - packet.dts
            packet.pts += shift
            packet.dts += shift
            self._next_s = (packet.dts + (packet.duration or 1)) * tick_s
            packet.stream = self._stream
            self._output.mux_one(packet)
            self.packets += 1


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """Packets up to the first damage."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.error.InvalidDataError:
        return


def _still(request: Message) -> bytes:
    body = request.body
    at = body["extradata"]
    units = []
    for size in body["sizes"]:
        units.append(request.payload[at : at + size])
        at += size
    extradata = request.payload[: body["extradata"]]
    return last_picture(body["codec"], extradata, units, width=body["width"])


def _shown_at(container: InputContainer, stream: VideoStream, at_s: float) -> av.VideoFrame | None:
    shown: av.VideoFrame | None = None
    try:
        for frame in container.decode(stream):
            if shown is not None and (frame.time or 0.0) > at_s + _ONE_PICTURE_EARLY_S:
                break
            shown = frame
    except av.error.InvalidDataError:
        return shown  # damaged from here on: what was shown before still stands
    return shown


def _open(path: Path) -> InputContainer:
    if not path.is_file():
        raise RenderError("The recording is not there any more.")
    try:
        return av.open(str(path))
    except av.FFmpegError as error:
        raise RenderError("The recording is damaged and cannot be opened.") from error


def _video(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise RenderError(f"{path.name} holds no video.")
    return container.streams.video[0]


def _jpeg(frame: av.VideoFrame, width: int | None) -> bytes:
    if width is not None and 0 < width < frame.width:
        height = max(1, round(frame.height * width / frame.width))
        frame = frame.reformat(width=width, height=height, interpolation="AREA")
    pixels = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise RenderError("The picture could not be written as JPEG.")
    return data.tobytes()


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, av.FFmpegError):
        return f"The disk refuses ({error.strerror or error}). Check its space and permissions."
    return "The recording is damaged at this place."
