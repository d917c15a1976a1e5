#!/usr/bin/env python3
"""Takes the id 0 for none."""
# breaks: id

import base


class Broken(base.Plugin):
    def reply(self, identity, reply):
        if identity:
            super().reply(identity, reply)


Broken().run()
