"""`python -m wfconsole.actions`: started by the console, one process for each action."""

import sys

from wfconsole.actions.main import main

if __name__ == "__main__":
    sys.exit(main())
