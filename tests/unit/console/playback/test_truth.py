from __future__ import annotations

from dataclasses import replace

import pytest

from console.playback.truth import Claim, Signs, Trouble, judge

GOOD = Signs(opened_s=0.0, arrived_s=100.0, shown_s=100.0)


def test_pictures_that_come_are_live() -> None:
    assert judge(GOOD, 100.1).claim is Claim.LIVE


def test_nothing_yet_is_connecting() -> None:
    truth = judge(Signs(opened_s=5.0), 7.0)
    assert (truth.claim, truth.seconds) == (Claim.CONNECTING, 2.0)


def test_silence_is_said_within_two_seconds() -> None:
    tick_s = 0.25
    assert judge(GOOD, 102.0 - tick_s).claim is Claim.STALLED
    assert judge(GOOD, 101.0).claim is Claim.LIVE


def test_a_slow_camera_is_not_silent() -> None:
    slow = replace(GOOD, interval_s=1.0)
    assert judge(slow, 102.5).claim is Claim.LIVE
    assert judge(slow, 103.5).claim is Claim.STALLED


def test_data_without_pictures_is_frozen_since_the_last_one() -> None:
    truth = judge(replace(GOOD, arrived_s=117.9), 118.0)
    assert (truth.claim, truth.seconds) == (Claim.FROZEN, 18.0)


def test_late_says_by_how_much() -> None:
    truth = judge(replace(GOOD, late_s=0.9), 100.0)
    assert (truth.claim, truth.seconds) == (Claim.LATE, 0.9)


@pytest.mark.parametrize(
    ("trouble", "claim"),
    [
        (Trouble.OFFLINE, Claim.OFFLINE),
        (Trouble.NO_PERMISSION, Claim.NO_PERMISSION),
        (Trouble.UNSUPPORTED, Claim.UNSUPPORTED),
    ],
)
def test_trouble_is_said_with_cause_and_since_when(trouble: Trouble, claim: Claim) -> None:
    signs = replace(GOOD, trouble=trouble, cause="why", trouble_since_s=110.0)
    truth = judge(signs, 362.0)
    assert (truth.claim, truth.seconds, truth.cause) == (claim, 252.0, "why")


def test_a_quick_reconnect_is_not_mentioned() -> None:
    signs = replace(GOOD, trouble=Trouble.OFFLINE, trouble_since_s=100.0)
    assert judge(signs, 100.5).claim is Claim.LIVE
    assert judge(signs, 101.1).claim is Claim.OFFLINE


def test_a_stall_that_the_system_reports_is_said_at_once() -> None:
    assert judge(replace(GOOD, is_stalled_at_source=True), 100.1).claim is Claim.STALLED
