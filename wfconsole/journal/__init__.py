"""The durable record of one incident: append-only, hash-chained lines in segments, confirmed only after a sync.

It stores what it is given and knows nothing of incidents. Nothing is ever truncated, rewritten or repaired; what is
torn, altered or missing is reported by whoever reads.
"""
