#!/usr/bin/env python3
"""The module `ecs`, with a strict double of the AWS command line interface."""

from aws_world import TASKS, account
from world import Action, Check, main

SERVICE = '"production", service: "shop"'
CASES = [
    Action("ecs.register_task_definition", 'ecs.register_task_definition("shop", file: "task.json")', account, noted="shop:3",
           after=lambda state: state["definitions"][-1]["revision"] == 3),
    Action("ecs.register_task_definition", 'ecs.register_task_definition("cart", file: "first.json")', account, noted="cart:1", title="the first"),
    Action("ecs.register_revision", 'ecs.register_revision("shop", file: "task.json")', account,
           after=lambda state: state["definitions"][-1]["taskDefinitionArn"] == f"{TASKS}shop:3"),
    Check("ecs.task_size_is", 'ecs.task_size_is("shop:1", cpu: 2048, memory: 4096)', account),
    Check("ecs.task_size_is", 'ecs.task_size_is("shop:1", cpu: 2048, memory: 512)', account, passes=False, says="has 4096 MiB of memory, not 512",
          title="another"),
    Check("ecs.storage_is", 'ecs.storage_is("shop:1", gibibytes: 21)', account),
    Check("ecs.storage_is", 'ecs.storage_is("shop:1", gibibytes: 20)', account, passes=False, says="has 21 GiB of storage, not 20", title="another"),
    Check("ecs.storage_is", 'ecs.storage_is("shop:2", gibibytes: 20)', account, passes=False, says="shop:2 names no ephemeral storage", title="none"),
    Check("ecs.variable_is", 'ecs.variable_is("shop:1", container: "shop", name: "COLOR", value: "blue")', account),
    Check("ecs.variable_is", 'ecs.variable_is("shop:1", container: "shop", name: "COLOR", value: "green")', account, passes=False,
          says="COLOR is blue, not green", title="another"),
    Check("ecs.variable_is", 'ecs.variable_is("shop:1", container: "shop", name: "SIZE", value: "1")', account, passes=False,
          says="has no variable SIZE", title="none"),
    Action("ecs.update_service", f'ecs.update_service({SERVICE}, task_definition: "shop:2", count: 5)', account,
           after=lambda state: (state["services"]["shop"]["taskDefinition"], state["services"]["shop"]["desiredCount"]) == (f"{TASKS}shop:2", 5)),
    Action("ecs.scale", f"ecs.scale({SERVICE}, count: 0)", account, after=lambda state: state["services"]["shop"]["desiredCount"] == 0),
    Check("ecs.wait_stable", f"ecs.wait_stable({SERVICE})", account, step=True),
    Check("ecs.wait_stable", 'ecs.wait_stable("production", service: "stuck")', account, step=True, passes=False, says="Max attempts exceeded",
          title="stuck"),
    Check("ecs.tasks_running", f"ecs.tasks_running({SERVICE}, count: 2)", account),
    Check("ecs.tasks_running", 'ecs.tasks_running("production", service: "stuck", count: 2)', account, passes=False,
          says="1 tasks of stuck are running, not 2", title="stuck"),
    Check("ecs.runs", f'ecs.runs({SERVICE}, task_definition: "shop:1")', account),
    Check("ecs.runs", f'ecs.runs({SERVICE}, task_definition: "shop:2")', account, passes=False, says="not from shop:2", title="another"),
    Action("ecs.suspend_scaling", f"ecs.suspend_scaling({SERVICE})", account, after=lambda state: all(state["suspended"].values())),
    Action("ecs.resume_scaling", f"ecs.resume_scaling({SERVICE})", account, after=lambda state: not any(state["suspended"].values())),
]

if __name__ == "__main__":
    main(__file__, CASES)
