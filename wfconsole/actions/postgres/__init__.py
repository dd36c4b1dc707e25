"""Actions on PostgreSQL."""
