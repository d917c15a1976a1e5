#!/usr/bin/env python3
"""The module `discord` against a double of a channel's webhook."""

from chats import webhook
from world import Check, main


def message(_):
    return {"content": "**Warning:** @everyone shop is slow", "username": "deployments", "allowed_mentions": {"parse": []}}


def cut(_):
    return {"content": "x" * 1999 + "\u2026", "username": "rollout", "allowed_mentions": {"parse": []}}


CASES = [
    Check("discord.channel", 'notify ops "@everyone shop is slow" severity warning', webhook("DISCORD_WEBHOOK_URL", message, 204), step=True,
          declarations='let ops = discord.channel(username: "deployments")', title="mentions nobody"),
    Check("discord.channel", f'notify ops "{"x" * 2001}"', webhook("DISCORD_WEBHOOK_URL", cut, 204), step=True,
          declarations="let ops = discord.channel()", title="sends no more than Discord takes"),
]

if __name__ == "__main__":
    main(__file__, CASES)
