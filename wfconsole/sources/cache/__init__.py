"""Redis: the server, and the keys in it by their beginnings. Called after its work: `redis` is the client library."""
