"""Actions on PostgreSQL: sessions that are ended, and what a role logs in with."""
