"""A real pseudo-terminal for tests: what the console's bytes do to a terminal, and what a terminal does to it."""
