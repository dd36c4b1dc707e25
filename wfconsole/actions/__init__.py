"""The process that acts: one file for each action, and the guarded life cycle that all of them go through."""
