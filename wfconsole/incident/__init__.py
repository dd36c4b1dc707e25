"""What people do about it: policy, checklist, events, state, scribe. Pure: no I/O, no clock, no Textual."""
