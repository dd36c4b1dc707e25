"""Changes to a PostgreSQL server: sessions that are ended."""
