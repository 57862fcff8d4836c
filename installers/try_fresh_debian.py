"""Try the set-up in a fresh Debian: nothing in it but Python, as root or as an ordinary user.

    python3 installers/try_fresh_debian.py --root /var/tmp/fresh -- test
    python3 installers/try_fresh_debian.py --root /var/tmp/fresh --no-network -- demo --headless --seconds 20
    python3 installers/try_fresh_debian.py --root /var/tmp/fresh2 --user -- demo --headless

Must be run as root on a Debian with debootstrap. The root is made with the host's own package source, holds a
clone of this repository, and is kept for the next try: remove it by hand when done with it. All mounts live in a
namespace of the command's own and end with it, so nothing of the host is ever mounted in what you remove.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VISITOR = "visitor"
# So that the network of the host works: names, certificates, package sources.
COPIED = (
    "etc/resolv.conf",
    "etc/hosts",
    "etc/pip.conf",
    "etc/ssl/certs/ca-certificates.crt",
    "etc/apt/apt.conf.d",
)
MOUNT_AND_RUN = """
set -eu
mount -t proc proc "$1/proc"
mkdir -p "$1/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
if [ "$2" = offline ]; then ip link set lo up; fi
root=$1; user=$3; home=$4; shift 4
exec chroot --userspec="$user" "$root" env -i HOME="$home" USER="${user%%:*}" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c 'cd ~/gatehouse && exec "$@"' sh "$@"
"""


def main() -> int:
    """Run the command line; the status of the tried command."""
    options = _options()
    if not (options.root / "bin").exists():
        _make(options.root, options.suite)
    home = options.root / "home" / VISITOR if options.user else options.root / "root"
    _clone(options.root, home, shared=options.shared)
    begun = time.monotonic()
    status = _run(options.root, options)
    print(f"status {status} after {time.monotonic() - begun:.1f} s", flush=True)
    return status


def package_source(lists: str) -> str | None:
    """The first http source of Debian that apt's lists name."""
    for line in lists.splitlines():
        found = re.match(
            r"(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?://\S+/debian/?)(?:\s|$)", line
        )
        if found:
            return found[1]
    return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root", type=Path, required=True, help="where the fresh Debian is or will be"
    )
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--user", action="store_true", help="as an ordinary user without sudo")
    parser.add_argument("--no-network", action="store_true", help="with loopback only")
    parser.add_argument(
        "--shared", type=Path, help="folder to copy beside the clone, for the tests"
    )
    parser.add_argument("arguments", nargs="+", help="for installers/bootstrap.py, after --")
    return parser.parse_args()


def _make(root: Path, suite: str) -> None:
    lists = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    source = package_source("\n".join(path.read_text() for path in lists if path.is_file()))
    command = [
        "debootstrap",
        "--variant=minbase",
        "--include=python3,ca-certificates",
        suite,
        str(root),
    ]
    _check([*command, *([source] if source else [])])
    for name in COPIED:
        _copy(Path("/") / name, root / name)
    _check(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", VISITOR])


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _clone(root: Path, home: Path, *, shared: Path | None) -> None:
    target = home / "gatehouse"
    if target.exists():
        _check(
            [
                "git",
                "-c",
                "safe.directory=*",
                "-C",
                str(target),
                "pull",
                "--quiet",
                "--ff-only",
                str(CHECKOUT),
                "HEAD",
            ]
        )
    else:
        _check(["git", "clone", "--quiet", "--no-local", str(CHECKOUT), str(target)])
    if shared is not None and not (home / "shared").exists():
        shutil.copytree(shared, home / "shared")
    if VISITOR in home.parts:
        _check(["chroot", str(root), "chown", "-R", f"{VISITOR}:", f"/home/{VISITOR}"])


def _run(root: Path, options: argparse.Namespace) -> int:
    user, home = (VISITOR, f"/home/{VISITOR}") if options.user else ("root", "/root")
    spaces = ["--mount", "--pid", "--fork", *(["--net"] if options.no_network else [])]
    network = "offline" if options.no_network else "online"
    inside = [str(root), network, f"{user}:{user}", home]
    tried = ["python3", "installers/bootstrap.py", *options.arguments]
    return subprocess.run(
        ["unshare", *spaces, "sh", "-c", MOUNT_AND_RUN, "sh", *inside, *tried],
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def _check(command: list[str]) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
