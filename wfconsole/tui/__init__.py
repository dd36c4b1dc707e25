"""The screen: the only room that knows Textual. It gets one `View` after the other and never fetches anything."""

import os

from wfconsole.tui.environment import prepare

prepare(os.environ)  # before any module of this room can import Textual
