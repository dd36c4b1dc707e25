"""What was seen: typed rows, how each kind is judged, and how far a value can be trusted. Pure; no I/O."""
