#!/usr/bin/env python3
"""Writes a key twice in one object."""
# breaks: hello

import json

import base


class Broken(base.Plugin):
    def write(self, message):
        body = json.dumps(message).replace('"plugin"', '"plugin": null, "plugin"', 1).encode()
        self.send(b'Content-Length: %d\r\n\r\n' % len(body) + body)


Broken().run()
