"""Actions on the cluster."""
