"""The HTTP API: composition root, routers, commands and views (`http-contract`)."""
