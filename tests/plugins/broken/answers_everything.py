#!/usr/bin/env python3
"""Answers what asks for no answer."""
# breaks: notification

import base


class Broken(base.Plugin):
    def take(self, message):
        super().take(dict(message, id=message.get('id', 1)))


Broken().run()
