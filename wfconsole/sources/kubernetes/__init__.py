"""Kubernetes, read-only: pods, workloads, autoscalers, nodes and events, followed by list and watch."""
