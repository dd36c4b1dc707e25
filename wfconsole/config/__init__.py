"""Settings from file, environment and command line, and the only module that knows paths (`locations`)."""
