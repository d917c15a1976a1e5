#!/usr/bin/env python3
"""Never answers `hello`."""
# breaks: hello

import base


class Broken(base.Plugin):
    def take(self, message):
        if message['method'] != 'hello':
            super().take(message)


Broken().run()
