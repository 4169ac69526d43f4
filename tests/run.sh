#!/usr/bin/env bash
# Every check, in the order in which a mistake is cheapest to find. Nothing that needs the engine is skipped: if the
# pinned server cannot be had, this fails and says why. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=.venv/bin
begun=$SECONDS

step() {
    local title=$1 started=$SECONDS
    shift
    printf '== %s\n' "$title"
    if ! "$@"; then
        printf '== %s: FAILED after %d s (%s)\n' "$title" "$((SECONDS - started))" "$*" >&2
        exit 1
    fi
    printf '== %s: %d s\n' "$title" "$((SECONDS - started))"
}

step "ruff check" "$bin/ruff" check --quiet .
step "ruff format" "$bin/ruff" format --check --quiet .
step "mypy" "$bin/mypy"
step "import-linter" "$bin/lint-imports"
step "pinned Temporal server" "$bin/python" -m worker.engine --pinned
# One process more than there are cores: tests on the real engine mostly wait for it.
step "pytest" "$bin/python" -m pytest -n "${FAIRCLAIM_TEST_PROCESSES:-$(($(nproc) + 1))}" --dist loadfile --no-loadscope-reorder "$@"
printf '== all checks passed in %d s\n' "$((SECONDS - begun))"
