#!/usr/bin/env python3
"""The module `teams` against a double of a workflow's webhook, which takes a message with an adaptive card."""

from chats import webhook
from world import Check, main


def card(run):
    return {"type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive", "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": [
                {"type": "TextBlock", "text": "shop *v2* goes back", "wrap": True, "color": "Attention"},
                {"type": "TextBlock", "text": f"run {run}", "isSubtle": True, "size": "Small"}]}}]}


CASES = [Check("teams.channel", 'notify ops "shop *v2* goes back" severity critical', webhook("TEAMS_WEBHOOK_URL", card, 202), step=True,
               declarations="let ops = teams.channel()")]

if __name__ == "__main__":
    main(__file__, CASES)
