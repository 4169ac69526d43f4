#!/usr/bin/env bash
# Sets up .venv from the lock file, with nothing but Python 3.11 or newer on the machine. Quick when nothing has changed.
#
# uv does the work: the one on PATH if it is new enough, else a pinned one in .tools. It gets there without touching the
# system's Python (which may refuse that): in a virtual environment, or with pip into a folder.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_pinned=0.13.9
uv_needed=0.12
stamp=.venv/.set-up

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$1"; shift; for line in "$@"; do printf '       %s\n' "$line" >&2; done; exit 1; }

# at_least HAVE NEED: both dotted numbers
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]; }

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    fail "no Python 3.11 or newer on PATH" "Install one (Debian, Ubuntu: apt install python3; macOS: brew install python)."
}

uv_is_usable() {
    local told version=""
    told=$("$1" --version 2>/dev/null) || return 1
    read -r _ version _ <<<"$told"
    [ -n "$version" ] && at_least "$version" "$2"
}

install_uv() {
    local python=$1 log=.tools/install.log
    mkdir -p .tools/bin
    : >"$log"
    say "uv $uv_pinned is installed into .tools (once)"
    rm -rf .tools/venv .tools/uv
    if "$python" -m venv .tools/venv >>"$log" 2>&1 &&
        .tools/venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_pinned" >>"$log" 2>&1; then
        ln -sf ../venv/bin/uv .tools/bin/uv
    elif "$python" -m pip install --quiet --disable-pip-version-check --target .tools/uv "uv==$uv_pinned" >>"$log" 2>&1; then
        ln -sf ../uv/bin/uv .tools/bin/uv
    else
        tail -n 12 "$log" | sed 's/^/       /' >&2
        fail "uv $uv_pinned could not be installed; above the end of $log" \
            "Either this Python lacks both venv and pip (Debian, Ubuntu: apt install python3-venv)," \
            "or the package index cannot be reached (behind a proxy: HTTPS_PROXY, PIP_INDEX_URL)." \
            "Or install uv yourself ($uv_needed or newer) and have it on PATH."
    fi
}

find_uv() {
    local python=$1
    if command -v uv >/dev/null 2>&1 && uv_is_usable uv "$uv_needed"; then
        command -v uv
        return
    fi
    uv_is_usable .tools/bin/uv "$uv_pinned" || install_uv "$python"
    printf '%s\n' "$PWD/.tools/bin/uv"
}

# What .venv was made from; a moved checkout needs a new one.
fingerprint() { { printf '%s\n' "$PWD"; cat pyproject.toml uv.lock; } | cksum; }

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

python=$(find_python)
uv=$(find_uv "$python")
say "dependencies are installed into .venv ($("$uv" --version), Python of $python)"
before=$(fingerprint)
options=(--frozen)
# An environment that is there keeps its interpreter; and Python itself is never downloaded.
[ -x .venv/bin/python ] || options+=(--python "$python")
UV_PYTHON_DOWNLOADS=never "$uv" sync "${options[@]}"
printf '%s\n' "$before" >"$stamp"
say "done"
