#!/usr/bin/env python3
"""The module `alb`, with a strict double of the AWS command line interface."""

from aws_world import BLUE, EMPTY, GREEN, LISTENER, RULE, account, forward
from world import Action, Check, main

GROUPS = f'canary: "{GREEN}", stable: "{BLUE}"'
SOURCE = f'metric bad: ratio = alb.unhealthy("{GREEN}") unit 1 every 1s'

CASES = [
    Action("alb.rule_weights", "traffic 25%", account, header=f'traffic via alb.rule_weights("{RULE}", {GROUPS})',
           after=lambda state: state["rules"][RULE] == forward(blue=75, green=25)),
    Action("alb.listener_weights", "traffic 25%", account, header=f'traffic via alb.listener_weights("{LISTENER}", {GROUPS})',
           after=lambda state: state["listeners"][LISTENER] == forward(blue=75, green=25)),
    Action("alb.forward", f'alb.forward("{RULE}", target_group: "{GREEN}")', account,
           after=lambda state: state["rules"][RULE][0]["TargetGroupArn"] == GREEN),
    Check("alb.targets_healthy", f'alb.targets_healthy("{BLUE}", least: 2)', account),
    Check("alb.targets_healthy", f'alb.targets_healthy("{BLUE}", least: 3)', account, passes=False, says="there are 2 targets, and 3 are expected",
          title="too few"),
    Check("alb.targets_healthy", f'alb.targets_healthy("{GREEN}")', account, passes=False, says="2 of 3 targets are not healthy", title="unhealthy"),
    Check("alb.targets_healthy", f'alb.targets_healthy("{EMPTY}")', account, passes=False, says="there are 0 targets", title="none"),
    Check("alb.target_group_exists", 'alb.target_group_exists("blue")', account),
    Check("alb.target_group_exists", 'alb.target_group_exists("red")', account, passes=False, says="there is no target group red", title="none"),
    Check("alb.unhealthy", 'verify "two of three" { require bad > 66% and bad < 67% }', account, declarations=SOURCE, step=True),
]

if __name__ == "__main__":
    main(__file__, CASES)
