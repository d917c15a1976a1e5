#!/usr/bin/env python3
"""Counts characters where bytes are meant."""
# breaks: unicode

import json

import base


class Broken(base.Plugin):
    def write(self, message):
        text = json.dumps(message, ensure_ascii=False)
        self.send(b'Content-Length: %d\r\n\r\n' % len(text) + text.encode())


Broken().run()
