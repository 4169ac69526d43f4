"""Let the SDK fetch its development server into a folder: ``python -m worker.engine.download FOLDER``.

Its own process, because a download cannot be interrupted inside the SDK, and because the interpreter sometimes aborts
at exit right after such an environment has been shut down.
"""

from __future__ import annotations

import asyncio
import sys

from temporalio.testing import WorkflowEnvironment


async def download(folder: str) -> None:
    """Let the SDK fetch its development server into ``folder``."""
    async with await WorkflowEnvironment.start_local(download_dest_dir=folder):
        pass
    await asyncio.sleep(0.5)  # without the pause the exit aborts now and then


if __name__ == "__main__":
    try:
        asyncio.run(download(sys.argv[1]))
    except RuntimeError as failure:
        print(f"download failed: {failure}", flush=True)
        sys.exit(1)
