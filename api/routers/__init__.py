"""Routers: paths, shapes and who answers. What happens stands in `api.commands` and `api.views`."""
