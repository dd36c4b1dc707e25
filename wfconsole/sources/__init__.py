"""Read-only adapters to the systems that an incident is about. Each reports what it sees; none decides anything."""
