"""`python -m wfconsole.hands`"""

import sys

from wfconsole.hands.main import main

sys.exit(main())
