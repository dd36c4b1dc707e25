"""PostgreSQL: what a monitoring role can see of connections, locks, statements and replicas."""
