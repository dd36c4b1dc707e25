"""`python -m wfconsole.comms.sender`"""

import sys

from wfconsole.comms.sender.main import main

sys.exit(main(sys.argv[1:]))
