#!/usr/bin/env python3
"""Says 1, whatever was offered."""
# breaks: no-common-major

import base


class Broken(base.Plugin):
    def hello(self, params):
        return super().hello({'protocol': {'majors': [1]}})


Broken().run()
