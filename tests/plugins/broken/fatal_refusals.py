#!/usr/bin/env python3
"""Does not say that nothing was begun."""
# breaks: unknown-operation missing-argument other-arguments

import base


class Broken(base.Plugin):
    @staticmethod
    def invalid(message, kind='fatal'):
        return base.Plugin.invalid(message, kind)


Broken().run()
