"""Recordings: the stream's format, and how one is kept, played and shared. No client library, no screen."""
