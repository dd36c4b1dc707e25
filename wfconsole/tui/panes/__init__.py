"""What each region of the screen says: from one frame to lines, and nothing kept between two frames but a cursor."""
