#!/usr/bin/env python3
"""Answers `shutdown` and stays."""
# breaks: shutdown

import time

import base


class Broken(base.Plugin):
    def after_shutdown(self):
        time.sleep(30)


Broken().run()
