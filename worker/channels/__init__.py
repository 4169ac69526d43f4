"""Outside channels: adapters of :class:`activities.ports.Channel` (NTF-01, NTF-03)."""
