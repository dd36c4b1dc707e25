"""What each source says of itself in one line of the board: a file for each."""
