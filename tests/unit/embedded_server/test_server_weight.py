from __future__ import annotations

import subprocess
import sys


def test_the_server_does_not_carry_what_only_its_children_use() -> None:
    """OpenCV, numpy and onnxruntime are a third of what starting the server would cost."""
    script = (
        "import sys, embedded_server.app;"
        "print([name for name in ('cv2', 'numpy', 'onnxruntime') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert told.stdout.strip() == "[]"
