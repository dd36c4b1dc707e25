"""The one door: everything that happens, seen or done, is submitted here; the screen shows what comes out."""
