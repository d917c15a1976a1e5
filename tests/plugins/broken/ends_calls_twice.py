#!/usr/bin/env python3
"""Ends a call once, and once more as it is cancelled."""
# breaks: cancel-race

import base


class Broken(base.Plugin):
    last = None

    def take(self, message):
        if message['method'] == 'op.start':
            self.last = message['id']
        super().take(message)
        if message['method'] == 'op.cancel' and self.last is not None:
            self.reply(self.last, self.invalid('cancelled', 'cancelled'))


Broken().run()
