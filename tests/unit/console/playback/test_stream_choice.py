from __future__ import annotations

from console.playback.stream_choice import StreamChooser


def test_small_tiles_get_the_sub_stream_and_large_ones_the_main() -> None:
    assert StreamChooser(("main", "sub")).choose(270, 0.0) == "sub"
    assert StreamChooser(("main", "sub")).choose(1080, 0.0) == "main"


def test_there_is_no_choice_without_two() -> None:
    assert StreamChooser(("main",)).choose(100, 0.0) == "main"
    assert StreamChooser(("sub",)).choose(1000, 0.0) == "sub"
    assert StreamChooser(()).choose(1000, 0.0) == "main"


def test_a_size_at_the_border_does_not_flicker() -> None:
    chooser = StreamChooser(("main", "sub"))
    border = 468  # 1.3 × 360
    chosen = {chooser.choose(border + (30 if n % 2 else -30), n * 5.0) for n in range(20)}
    assert chosen == {"sub"}


def test_a_change_waits_until_the_size_has_settled() -> None:
    chooser = StreamChooser(("main", "sub"))
    assert chooser.choose(200, 0.0) == "sub"
    assert chooser.choose(1080, 1.0) == "sub"
    assert chooser.choose(1080, 2.0) == "main"
    assert chooser.choose(200, 3.0) == "main"
    assert chooser.choose(200, 4.1) == "sub"


def test_the_real_height_of_the_sub_stream_counts() -> None:
    chooser = StreamChooser(("main", "sub"))
    chooser.learn_sub_height(720)
    assert chooser.choose(800, 0.0) == "sub"
