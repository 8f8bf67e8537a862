"""`make conformance`: the public InterUSS prober against a freshly started `keepclear dss`, on this machine alone.

The prober is the package `interuss-monitoring`, which needs Python 3.13 or newer and goes into an environment of its
own, under `~/.cache/keepclear-prober`. It lacks its JSON files, so about 25 of its tests fail whatever a service does;
they are counted apart. About 36 of its tests pass even on a server that answers 404 to everything: what is above
them counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from pathlib import Path

PACKAGE, RELEASE = "interuss-monitoring", "0.37.0"
#: Of its tests these many pass on a server that answers 404 to everything.
PASS_ON_NOTHING = 36
HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "keepclear-prober"


def newer_python() -> str | None:
    """A Python of 3.13 or newer that runs."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = [os.environ.get("PY313", ""), *(f"python3.{minor}" for minor in range(16, 12, -1)), "python3"]
    found = [shutil.which(name) for name in named if name]
    candidates = [*filter(None, found), *map(str, sorted(pyenv.glob("3.1[3-9]*/bin/python3"), reverse=True))]
    for candidate in candidates:
        check = "import sys, ssl, venv; sys.exit(sys.version_info < (3, 13))"
        if subprocess.run([candidate, "-c", check], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def environment() -> Path | None:
    """The Python of the prober's environment, made if there is none."""
    python = HOME / "venv" / "bin" / "python"
    if not python.exists():
        newer = newer_python()
        if newer is None:
            return None
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([newer, "-m", "venv", HOME / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "-q", "install", f"{PACKAGE}=={RELEASE}", "pytest"], check=True)
    return python


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "keepclear", *arguments])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthy", timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def run(python: Path, folder: Path, tests: list[str]) -> Path:
    """Run the prober; its report."""
    authority_port, dss_port = free_port(), free_port()
    key, report = folder / "authority.pem", folder / "report.xml"
    begun = [start("dev-authority", "--listen", f"127.0.0.1:{authority_port}", "--key", str(key))]
    try:
        wait_for(authority_port)
        begun.append(
            start(
                "dss",
                "--listen",
                f"127.0.0.1:{dss_port}",
                "--public-key",
                f"{key}.pub.pem",
                "--audience",
                "127.0.0.1,localhost",
                "--store",
                f"sqlite:{folder / 'region.sqlite'}",
                "--allow-http-base-urls",
            )
        )
        wait_for(dss_port)
        auth = f"DummyOAuth(http://127.0.0.1:{authority_port}/token"
        where = "import monitoring.prober as found; print(list(found.__path__)[0])"
        prober = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
        command = [
            str(python), "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=line", f"--junitxml={report}",
            "--dss-endpoint", f"http://127.0.0.1:{dss_port}", "--rid-auth", f"{auth},sub=fake_uss)",
            "--scd-auth1", f"{auth},sub=fake_uss)", "--scd-auth2", f"{auth},sub=fake_uss2)",
            "--scd-api-version", "1.0.0", "--heavy_traffic_concurrent_workers", "10", *(tests or ["."]),
        ]  # fmt: skip
        subprocess.run(command, cwd=prober, check=False, stdout=subprocess.DEVNULL)
    finally:
        for process in begun:
            process.terminate()
            process.wait()
    return report


def summed_up(report: Path) -> int:
    """Print what came of it; 1 if a test failed that could have passed."""
    passed, without_file, failed = 0, [], []
    lacks_files: set[str] = set()
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        broken = [*case.findall("failure"), *case.findall("error")]
        text = " ".join((each.get("message") or "") + (each.text or "") for each in broken)
        if not broken:
            passed += case.find("skipped") is None
        elif "FileNotFoundError" in text:
            without_file.append(name)
            lacks_files.add(str(case.get("classname")))
        else:
            failed.append((name, text))
    # What follows in a file on something that could not be made for want of a file fails with it.
    followers = [name for name, text in failed if "404" in text and name.partition("::")[0] in lacks_files]
    real = [name for name, _ in failed if name not in followers]
    print(f"{passed} passed, {len(real)} failed")
    print(f"  above what passes on a server that answers 404 to everything: {passed - PASS_ON_NOTHING}")
    print(
        f"  could not run, for files that the package lacks: {len(without_file)},"
        f" and {len(followers)} that follow on them"
    )
    for name in real:
        print(f"  FAILED {name}")
    return 1 if real or not passed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="*", help="paths within the prober, as pytest takes them")
    arguments = parser.parse_args()
    python = environment()
    if python is None:
        print(f"the prober was not run: {PACKAGE} needs Python 3.13 or newer, and there is none; PY313 names one")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        return summed_up(run(python, Path(folder), arguments.tests))


if __name__ == "__main__":
    sys.exit(main())
