#!/usr/bin/env python3
"""Stays where its host is gone."""
# breaks: end-of-input

import time

import base


class Broken(base.Plugin):
    def end(self):
        time.sleep(30)


Broken().run()
