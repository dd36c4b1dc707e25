"""Alertmanager: what is firing, who silenced it; Prometheus' own alerts while it is down."""
