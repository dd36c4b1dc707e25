"""What forms are made of: a frame, words, a line of text, a choice. Only Tab, arrows, Enter, Esc and typed text act."""
