"""The collector process: it runs the sources and writes what they see as one stream."""
