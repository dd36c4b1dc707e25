"""A recorded world in which somebody acts: what answers in the place of the systems, and how it went."""
