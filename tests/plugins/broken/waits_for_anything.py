#!/usr/bin/env python3
"""Has no limit."""
# breaks: oversized-frame

import base


class Broken(base.Plugin):
    def length(self, head):
        value = head[15:].strip()
        return int(value) if value.isdigit() else super().length(head)


Broken().run()
