"""`python -m wfconsole`."""

from wfconsole.cli import main

raise SystemExit(main())
