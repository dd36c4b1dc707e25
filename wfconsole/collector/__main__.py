"""`python -m wfconsole.collector`"""

import sys

from wfconsole.collector.main import main

sys.exit(main(sys.argv[1:]))
