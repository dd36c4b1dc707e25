"""Changes to a Redis server: sessions of users that are ended."""
