#!/usr/bin/env python3
"""The module `slack` against a double of an incoming webhook."""

from chats import webhook
from world import Check, main

CASES = [Check("slack.channel", 'notify ops "errors > 5% & <rising>" severity critical', step=True, declarations='let ops = slack.channel("#deployments")',
               world=webhook("SLACK_WEBHOOK_URL", lambda run: {"channel": "#deployments", "text": "*Critical:* errors &gt; 5% &amp; &lt;rising&gt;"}))]

if __name__ == "__main__":
    main(__file__, CASES)
