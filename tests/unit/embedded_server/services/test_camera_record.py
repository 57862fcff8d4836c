"""What a change makes of a camera, and which captures and analyses follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded_server.contract.cameras import CameraWrite
from embedded_server.services.camera_plans import analysis_plan, capture_plans
from embedded_server.services.camera_record import CameraConfig, CameraRecord, changed, free_slug
from embedded_server.services.camera_source import FileRule
from embedded_server.services.errors import Invalid
from tests.support.server_values import NOON

if TYPE_CHECKING:
    from embedded_server.services.model import CapturePlan

FILES = FileRule(allow_files=True, is_file=lambda _: True)
HOST = {"host": "192.0.2.7", "username": "kim", "password": "geheim"}


def a_camera(**write: Any) -> CameraRecord:
    empty = CameraRecord(0, "u", "gate", "Gate", True, NOON, CameraConfig())
    return changed(empty, CameraWrite.model_validate(write))


def plans_of(record: CameraRecord) -> tuple[CapturePlan, ...]:
    return capture_plans(record, FILES)


def test_credentials_in_a_url_become_the_cameras() -> None:
    record = a_camera(url="rtsp://kim:geheim@cam.example/x")
    assert record.config.paths.live == "rtsp://cam.example/x"
    assert (record.config.username, record.secrets.password) == ("kim", "geheim")
    (plan,) = plans_of(record)
    assert plan.url == "rtsp://kim:geheim@cam.example/x"
    assert plan.shown_url == "rtsp://cam.example/x"


def test_second_login_stays_with_its_address() -> None:
    record = a_camera(
        paths={"record": "rtsp://kim:geheim@a.example/x", "detect": "rtsp://lee:anders@b.example/y"}
    )
    urls = [plan.url for plan in plans_of(record)]
    assert urls == ["rtsp://kim:geheim@a.example/x", "rtsp://lee:anders@b.example/y"]
    assert "anders" not in record.config.model_dump_json()


def test_credentials_go_to_the_cameras_own_host_only() -> None:
    record = a_camera(**HOST, paths={"record": "/main", "detect": "rtsp://other.example/y"})
    urls = [plan.url for plan in plans_of(record)]
    assert urls == ["rtsp://kim:geheim@192.0.2.7/main", "rtsp://other.example/y"]


def test_blank_password_keeps_and_clear_clears() -> None:
    record = a_camera(**HOST, paths={"live": "/x"})
    assert changed(record, CameraWrite(password="", name="New")).secrets.password == "geheim"
    cleared = changed(record, CameraWrite(clear_password=True))
    assert cleared.secrets.password is None
    assert not cleared.has_password


def test_masked_address_sent_back_keeps_its_secret() -> None:
    record = a_camera(url="http://cam.example/v?token=abc")
    shown = record.config.paths.live
    assert shown == "http://cam.example/v?token=***"
    again = changed(record, CameraWrite.model_validate({"paths": {"live": shown}}))
    assert plans_of(again)[0].url == "http://cam.example/v?token=abc"
    gone = changed(again, CameraWrite.model_validate({"paths": {"live": "http://cam.example/w"}}))
    assert gone.secrets.sources == {}


def test_put_merges_what_is_present() -> None:
    record = a_camera(url="rtsp://cam.example/x", detection={"fps": 3}, site_id=4)
    after = changed(record, CameraWrite.model_validate({"detection": {"min_confidence": 0.7}}))
    assert (after.config.detection.fps, after.config.detection.min_confidence) == (3, 0.7)
    assert after.config.site_id == 4


@pytest.mark.parametrize(
    ("paths", "streams"),
    [
        ({"live": "/a"}, {"gate/main": {"live", "record", "detect"}}),
        ({"live": "/a", "record": "/a", "detect": "/a"}, {"gate/main": {"live", "record", "detect"}}),
        ({"live": "/a", "detect": "/b"}, {"gate/main": {"live", "record"}, "gate/sub": {"live", "detect"}}),
        ({"record": "/a", "live": "/b"}, {"gate/main": {"live", "record"}, "gate/sub": {"live", "detect"}}),
        (
            {"record": "/a", "detect": "/b", "live": "/c"},
            {"gate/main": {"live", "record"}, "gate/sub": {"live", "detect"}, "gate/live": {"live"}},
        ),
    ],
)  # fmt: skip
def test_one_capture_per_distinct_address(
    paths: dict[str, str], streams: dict[str, set[str]]
) -> None:
    found = plans_of(a_camera(host="192.0.2.7", paths=paths))
    assert {plan.stream_id: set(plan.roles) for plan in found} == streams


def test_switched_off_parts_have_no_role() -> None:
    off = {"recording": {"enabled": False}, "detection": {"enabled": False}}
    record = a_camera(url="rtsp://cam.example/x", **off)
    (plan,) = plans_of(record)
    assert plan.roles == {"live"}
    assert analysis_plan(record, (plan,)) is None
    assert plans_of(changed(record, CameraWrite(enabled=False))) == ()


def test_analysis_follows_the_settings() -> None:
    record = a_camera(
        url="rtsp://cam.example/x",
        detection={"objects": ["person"], "object_overrides": {"cat": {"enabled": False}, "car": {"min_confidence": 0.9}}},
        zones=[{"title": "Drive", "polygon": [[0, 0], [1, 0], [1, 1]], "dwell": 3}],
        masks=[{"polygon": [[0, 0], [0.1, 0], [0.1, 0.1]]}],
    )  # fmt: skip
    plan = analysis_plan(record, plans_of(record))
    assert plan is not None
    assert (plan.objects, plan.labels_off) == ({"person"}, {"cat"})
    assert plan.label_confidence == {"car": 0.9}
    assert (plan.zones[0].dwell_s, len(plan.masks)) == (3, 1)


@pytest.mark.parametrize(
    "write",
    [
        {"name": "x"},
        {"url": "rtsp://cam.example/x", "connection_method": "bridge"},
        {"folder_path": "../etc"},
        {"folder_path": 'a"b'},
        {"url": "rtsp://cam.example/x", "name": "  "},
        {"paths": {"live": "/x"}},
    ],
)
def test_refuses_what_makes_no_sense(write: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        a_camera(**write)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Front door", "front_door"),
        ("Ärger & Söhne", "arger_sohne"),
        ("正門", "camera"),
        ("42", "camera_42"),
        ("CON", "camera_con"),
        ("../../etc", "etc"),
        ("Gate", "gate_2"),
    ],
)
def test_slugs_name_folders_on_every_system(name: str, slug: str) -> None:
    assert free_slug(name, {"gate"}) == slug
