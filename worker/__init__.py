"""Worker processes: composition root, the embedded engine, supervision, tools beside the service."""
