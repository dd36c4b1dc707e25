"""The process that runs one command by hand: its plan comes on standard input, what happens goes to standard output.

Nothing here is imported by the console but `plan`; the process is started by its command line (`-m wfconsole.hands`).
"""
