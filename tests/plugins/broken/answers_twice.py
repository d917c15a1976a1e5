#!/usr/bin/env python3
"""Answers every `describe` and every call twice."""
# breaks: many-requests cancel-race notification

import base


class Broken(base.Plugin):
    def reply(self, identity, reply):
        super().reply(identity, reply)
        if identity != 1:
            super().reply(identity, reply)


Broken().run()
