"""``gatehouse bench detect``: clips through the whole analysis path, against truth made by hand.

An event finds a truth interval when it overlaps it by more than 0.2 s. It is false when it lies in time that the
truth calls empty. Speed is CPU time of this thread: how much of it is inference, and how many pictures a second the
detector's path gives beside bare onnxruntime running the same model in the same minute.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error
import cv2
import numpy as np
import psutil

from embedded_server.contract.live import KEY_FRAME, AccessUnit
from embedded_server.detector.base import DetectorError
from embedded_server.detector.decoding import StreamDecoder
from embedded_server.detector.naming import PERSON, group_of
from embedded_server.detector.onnx_cards import read_model
from embedded_server.detector.onnx_detector import OnnxDetector
from embedded_server.detector.onnx_session import Array, OnnxSession, Port, Runner
from embedded_server.detector.opencv import OpenCvDetector
from embedded_server.detector.pipeline import CameraPipeline
from embedded_server.services.model import AnalysisPlan, StreamFormat, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from embedded_server.detector.base import Detector, Finding, Frame
    from embedded_server.detector.tracking import TrackSettings
    from embedded_server.services.model import Box, DetectionBatch, EventReport

Span = tuple[float, float]

_ENDINGS = {".mp4", ".mov", ".mkv", ".avi", ".mjpeg"}
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_BARE_RUNS = 40


@dataclass(frozen=True, slots=True)
class Truth:
    """What is to be seen in a clip, in seconds from its first picture."""

    intervals: tuple[tuple[str, float, float], ...] = ()
    empty: tuple[Span, ...] = ()
    zones: tuple[tuple[Zone, tuple[Span, ...]], ...] = ()
    counts: tuple[tuple[float, int, int], ...] = ()


@dataclass(slots=True)
class Spent:
    """CPU seconds by what they were spent on."""

    decode_s: float = 0.0
    detect_s: float = 0.0
    inference_s: float = 0.0
    total_s: float = 0.0
    detections: int = 0
    step_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seen:
    """One event as it was in the end; times in seconds of the clip."""

    label: str
    start_s: float
    end_s: float
    zones: Mapping[str, Span]


def main(arguments: Sequence[str] | None = None) -> int:
    """``gatehouse bench detect --truth DIR [--model FILE] [--map LABEL=LABEL]… [--json] [CLIP]…``."""
    parser = argparse.ArgumentParser(prog="gatehouse bench detect", description=__doc__)
    parser.add_argument(
        "--truth", type=Path, required=True, metavar="DIR", help="clips and their *.truth.json"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="an ONNX model; else built-in")
    parser.add_argument("clips", nargs="*", type=Path, help="only these clips")
    parser.add_argument("--map", action="append", default=[], metavar="LABEL=LABEL")
    parser.add_argument("--fps", type=float, default=5.0, help="pictures analysed a second")
    parser.add_argument("--json", action="store_true", help="print the result only")
    options = parser.parse_args(arguments)
    if not options.truth.is_dir():
        parser.error(f"{options.truth} is no folder; give the one with the clips and *.truth.json")
    renamed = dict(pair.split("=", 1) for pair in options.map if "=" in pair)
    try:
        result = run(
            options.truth, options.model, options.clips, fps=options.fps, label_map=renamed
        )
    except (DetectorError, av.error.FFmpegError, OSError) as error:
        parser.error(str(error))
    lines = [] if options.json else [json.dumps(row) for row in result["clips"]]
    sys.stdout.write("\n".join([*lines, json.dumps(result)]) + "\n")
    return 0


def run(
    truth_dir: Path,
    model: Path | None = None,
    clips: Sequence[Path] = (),
    *,
    fps: float = 5.0,
    label_map: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Analyse the clips of a folder (or those given) and say how well and at what price."""
    cv2.setNumThreads(1)
    spent = Spent()
    detector = _detector(model, spent)
    began = time.monotonic()
    rows = [
        _row(path, truth, detector, spent, fps=fps, label_map=dict(label_map or {}))
        for path, truth in _work(truth_dir, clips)
    ]
    wanted = sum(row.get("wanted", 0) for row in rows)
    analysed = sum(row["frames"] for row in rows)
    result: dict[str, Any] = {
        "bench": "detect",
        "model": model.stem if model else "builtin",
        "n": len(rows),
        "seconds": round(time.monotonic() - began, 2),
        "cpu_s": round(spent.total_s, 2),
        "frames": analysed,
        "recall": _share(sum(row.get("found", 0) for row in rows), wanted),
        "named_recall": _share(sum(row.get("named", 0) for row in rows), wanted),
        "false_events": sum(row.get("false_events", 0) for row in rows),
        "p50_ms": _percentile(spent.step_ms, 50),
        "p95_ms": _percentile(spent.step_ms, 95),
        "rss_mb": round(psutil.Process().memory_info().rss / 1e6, 1),
        "clips": rows,
    }
    return result | _against_peer(model, spent)


def _work(truth_dir: Path, clips: Sequence[Path]) -> Iterator[tuple[Path, Truth]]:
    """Clips with their truth; of one scene's files the sub-stream, as a server would analyse it."""
    truths: dict[str, Truth] = {}
    chosen: dict[str, str] = {}
    for file in sorted(truth_dir.glob("*.truth.json")):
        body = json.loads(file.read_text(encoding="utf-8"))
        names = [name for name in body["files"] if (truth_dir / name).is_file()]
        best = next((name for name in names if "_sub." in name), names[0] if names else None)
        for name in names:
            truths[name] = _truth(body)
            chosen[name] = best or name
    if clips:
        yield from ((path, truths.get(path.name, Truth())) for path in clips)
        return
    for path in sorted(p for p in truth_dir.iterdir() if p.suffix.lower() in _ENDINGS):
        if chosen.get(path.name, path.name) == path.name:
            yield path, truths.get(path.name, Truth())


def _truth(body: Mapping[str, Any]) -> Truth:
    return Truth(
        intervals=tuple((i["cls"], i["start"], i["end"]) for i in body.get("intervals", ())),
        empty=tuple((start, end) for start, end in body.get("empty", ())),
        zones=tuple(
            (
                Zone(zone["id"], tuple((float(x), float(y)) for x, y in zone["polygon"])),
                tuple((start, end) for start, end in zone["occupied"]),
            )
            for zone in body.get("zones", ())
        ),
        counts=tuple((c["t"], *c["count"]) for c in body.get("person_counts", ())),
    )


def _row(
    path: Path,
    truth: Truth,
    detector: Detector,
    spent: Spent,
    *,
    fps: float,
    label_map: dict[str, str],
) -> dict[str, Any]:
    """One clip: its events, and how they compare with the truth if there is one."""
    plan = AnalysisPlan(
        camera_id=path.stem,
        stream_id=path.stem,
        detector=detector.name,
        fps=fps,
        label_map=label_map,
        zones=tuple(zone for zone, _ in truth.zones),
    )
    frames_before = len(spent.step_ms)
    batches, events = _analyse(path, plan, detector, spent)
    row: dict[str, Any] = {
        "clip": path.name,
        "frames": len(spent.step_ms) - frames_before,
        "events": len(events),
        "labels": {name: sum(e.label == name for e in events) for name in _names(events)},
    }
    if truth.intervals:
        row |= _compare(truth, events)
    if truth.zones:
        row |= _compare_zones(truth, events)
    if truth.counts:
        row |= _compare_counts(truth, batches)
    return row


def _names(events: Sequence[Seen]) -> list[str]:
    return sorted({event.label for event in events})


def _analyse(
    path: Path, plan: AnalysisPlan, detector: Detector, spent: Spent
) -> tuple[list[DetectionBatch], list[Seen]]:
    pipeline = CameraPipeline(plan)
    batches: list[DetectionBatch] = []
    last: dict[str, EventReport] = {}
    begun = time.thread_time()
    for frame, media_s in _pictures(path, plan.fps, spent):
        before = time.perf_counter()
        outcome = pipeline.step(frame, media_s, _BEGINNING + timedelta(seconds=media_s), detector)
        spent.step_ms.append((time.perf_counter() - before) * 1000)
        last.update((report.key, report) for report in outcome.reports)
        if outcome.batch:
            batches.append(outcome.batch)
    last.update((report.key, report) for report in pipeline.interrupt())
    spent.total_s += time.thread_time() - begun
    return batches, [_seen(report) for report in last.values()]


def _pictures(path: Path, fps: float, spent: Spent) -> Iterator[tuple[Frame, float]]:
    """The clip as a camera would send it: access units, decoded by the worker's own decoder."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        name = stream.codec_context.name
        decoder = StreamDecoder(_format_of(stream), fps)
        first: int | None = None
        for packet in _annexb(container, stream, name):
            if packet.pts is None:
                continue
            first = packet.pts if first is None else first
            unit = AccessUnit(
                KEY_FRAME if packet.is_keyframe else 0, packet.pts - first, 0, bytes(packet)
            )
            begun = time.thread_time()
            samples = list(decoder.push(unit))
            spent.decode_s += time.thread_time() - begun
            for sample in samples:
                yield sample.frame, sample.media_s


def _format_of(stream: Any) -> StreamFormat:
    base = stream.time_base
    return StreamFormat(
        stream.codec_context.name,
        b"",
        (base.numerator, base.denominator),
        stream.codec_context.width,
        stream.codec_context.height,
    )


def _annexb(container: Any, stream: Any, name: str) -> Iterator[Any]:
    kind = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}.get(name)
    if kind is None:
        yield from container.demux(stream)
        return
    rewrite = av.BitStreamFilterContext(kind, stream)
    for packet in container.demux(stream):
        yield from rewrite.filter(packet if packet.dts is not None else None)


def _seen(report: EventReport) -> Seen:
    def clip_s(moment: datetime) -> float:
        return (moment - _BEGINNING).total_seconds()

    zones = {
        visit["title"]: (
            clip_s(datetime.fromisoformat(visit["entered_at"])),
            clip_s(datetime.fromisoformat(visit["left_at"])),
        )
        for visit in report.metadata["zones"]
    }
    ended_at = report.ended_at or report.at
    return Seen(report.label, clip_s(report.started_at), clip_s(ended_at), zones)


def _overlap(a: Span, b: Span) -> float:
    return min(a[1], b[1]) - max(a[0], b[0])


def _compare(truth: Truth, events: Sequence[Seen]) -> dict[str, Any]:
    def finds(event: Seen, start: float, end: float) -> bool:
        return _overlap((event.start_s, event.end_s), (start, end)) > 0.2

    found = named = 0
    for name, start, end in truth.intervals:
        here = [event for event in events if finds(event, start, end)]
        found += bool(here)
        named += any(event.label == group_of(name) for event in here)
    false = [
        e for e in events if not any(finds(e, start, end) for _, start, end in truth.intervals)
    ]
    return {
        "wanted": len(truth.intervals),
        "found": found,
        "named": named,
        "recall": _share(found, len(truth.intervals)),
        "false_events": len(false),
    }


def _compare_zones(truth: Truth, events: Sequence[Seen]) -> dict[str, Any]:
    """Zone visits of a second and more, joined where they touch, against the times that somebody was inside."""
    wanted = found = false = 0
    for zone, occupied in truth.zones:
        visits = [v for e in events if (v := e.zones.get(zone.title)) and v[1] - v[0] >= 1.0]
        wanted += len(occupied)
        found += sum(any(_overlap(visit, span) > 0.2 for visit in visits) for span in occupied)
        false += sum(all(_overlap(v, span) <= 0.2 for span in occupied) for v in visits)
    return {"zones_wanted": wanted, "zones_found": found, "zones_false": false}


def _compare_counts(truth: Truth, batches: Sequence[DetectionBatch]) -> dict[str, Any]:
    """At how many moments the number of people boxed is right, or wrong by no more than one."""
    right = near = 0
    for moment, low, high in truth.counts:
        at = _BEGINNING + timedelta(seconds=max(moment, 0.4))
        nearest = min(batches, key=lambda b: abs(b.at - at), default=None)
        people = sum(d.label == PERSON for d in nearest.detections) if nearest else 0
        right += low <= people <= high
        near += low - 1 <= people <= high + 1
    return {"counts": len(truth.counts), "counts_right": right, "counts_near": near}


class _TimedRunner:
    """A model whose running time is counted."""

    def __init__(self, runner: Runner, spent: Spent) -> None:
        self._runner = runner
        self._spent = spent
        self.inputs: Sequence[Port] = runner.inputs
        self.outputs: Sequence[Port] = runner.outputs

    def run(self, tensor: Array) -> list[Array]:
        """Run it."""
        begun = time.thread_time()
        try:
            return self._runner.run(tensor)
        finally:
            self._spent.inference_s += time.thread_time() - begun


class _TimedDetector:
    """A detector whose whole path, from picture to findings, is counted."""

    def __init__(self, detector: Detector, spent: Spent) -> None:
        self._detector = detector
        self._spent = spent

    @property
    def name(self) -> str:
        """The detector's."""
        return self._detector.name

    @property
    def needs_regions(self) -> bool:
        """The detector's."""
        return self._detector.needs_regions

    @property
    def thresholds(self) -> TrackSettings:
        """The detector's."""
        return self._detector.thresholds

    def detect(self, frame: Frame, regions: tuple[Box, ...] = ()) -> list[Finding]:
        """Look, and count."""
        begun = time.thread_time()
        try:
            return self._detector.detect(frame, regions)
        finally:
            self._spent.detect_s += time.thread_time() - begun
            self._spent.detections += 1


def _detector(model: Path | None, spent: Spent) -> Detector:
    if model is None:
        return _TimedDetector(OpenCvDetector(), spent)
    detector = OnnxDetector(
        read_model(model), open_session=lambda path: _TimedRunner(OnnxSession(path), spent)
    )
    spent.inference_s = 0.0  # recognising it ran it once
    return _TimedDetector(detector, spent)


def _against_peer(model: Path | None, spent: Spent) -> dict[str, Any]:
    """Prices, and bare onnxruntime on the same model where there is one."""
    prices: dict[str, Any] = {
        "decode_share": _share(spent.decode_s, spent.total_s),
        "detector_share": _share(spent.detect_s, spent.total_s),
        "not_inference_share": _share(spent.total_s - spent.inference_s, spent.total_s),
        "frames_per_s": _share(len(spent.step_ms), spent.total_s),
    }
    if model is None or not spent.detections:
        return prices
    bare_ms = _bare_ms(model)
    path_ms = spent.detect_s / spent.detections * 1000
    whole_ms = spent.total_s / len(spent.step_ms) * 1000
    return prices | {
        "peer": "onnxruntime",
        "peer_frames_per_s": round(1000 / bare_ms, 1),
        "detector_frames_per_s": round(1000 / path_ms, 1),
        "ratio": round(bare_ms / path_ms, 3),
        "ratio_with_decode_and_motion": round(bare_ms / whole_ms, 3),
    }


def _bare_ms(model: Path) -> float:
    """Median CPU time of one run of the model alone."""
    session = OnnxSession(model)
    shape = [side or 1 for side in session.inputs[0].shape]
    kind = np.uint8 if "uint8" in session.inputs[0].type else np.float32
    tensor = np.full(shape, 0.5, np.float32).astype(kind)
    marks = []
    for _ in range(_BARE_RUNS + 1):
        marks.append(time.thread_time())
        session.run(tensor)
    return float(np.median([b - a for a, b in pairwise(marks)])) * 1000


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 2) if values else None
