"""Prometheus: signals, their last hour, GPUs, and inference services."""
