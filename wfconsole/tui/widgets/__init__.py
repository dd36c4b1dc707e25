"""Widgets that know nothing of incidents: lines, tables, trends, digits, frames, keys."""
