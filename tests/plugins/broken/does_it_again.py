#!/usr/bin/env python3
"""Does a call again that comes again under its key."""
# breaks: same-key status

import base


class Broken(base.Plugin):
    times = 0

    def op_start(self, params):
        self.done.pop(params['op_key'], None) if self.same(params) else None
        return super().op_start(params)

    def same(self, params):
        return self.done.get(params['op_key'], [None])[0] == params['args']

    def greet(self, params):
        self.times += 1
        return 'hello for the time %d' % self.times


Broken().run()
