#!/usr/bin/env python3
"""The module `webhook` against a double."""

from chats import webhook
from world import Check, main

CASES = [Check("webhook.channel", 'notify ops "it is \\"live\\"" severity warning', step=True,
               declarations='secret address = env("HOOK")\nlet ops = webhook.channel(address)',
               world=webhook("HOOK", lambda run: {"text": 'it is "live"', "severity": "warning", "run": run}))]

if __name__ == "__main__":
    main(__file__, CASES)
