"""Looking around once, for `wfconsole init`: what is configured on this machine, and what answers in its reach.

A process of its own, because it needs client libraries, which the console's process never loads; and so that whatever
hangs in it ends with it. `report` is what it tells; all else is for this process alone.
"""
