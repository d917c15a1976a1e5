#!/usr/bin/env python3
"""Takes a head without a length for an empty frame."""
# breaks: bad-header

import base


class Broken(base.Plugin):
    def length(self, head):
        return super().length(head) if head[15:].strip().isdigit() else 0

    def bad_json(self, error):
        super().bad_json(error)


Broken().run()
