"""The systems beside Kubernetes, each a real server of its own on loopback: start it, break it by name, end it."""
