"""Themes and the symbols that they choose."""
