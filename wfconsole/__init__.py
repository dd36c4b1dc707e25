"""A terminal war room for the incident commander."""

__version__ = "0.1.0"
