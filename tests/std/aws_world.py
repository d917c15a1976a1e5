"""The account that the double of `aws` begins with."""

import json

TASKS = "arn:aws:ecs:us-east-1:123456789012:task-definition/"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
RULE, LISTENER = f"{BALANCER}listener-rule/app/shop/1/2/3", f"{BALANCER}listener/app/shop/1/2"
BLUE, GREEN, EMPTY = (f"{BALANCER}targetgroup/{name}/1" for name in ("blue", "green", "empty"))


def forward(**weights):
    groups = [{"TargetGroupArn": {"blue": BLUE, "green": GREEN}[name], "Weight": weight} for name, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def account(world):
    definitions = [{"family": "shop", "revision": number, "status": "ACTIVE", "taskDefinitionArn": f"{TASKS}shop:{number}", "cpu": "2048", "memory": "4096",
                    "containerDefinitions": [{"name": "shop", "environment": [{"name": "COLOR", "value": "blue"}]}]}
                   for number in (1, 2)]
    definitions[0]["ephemeralStorage"] = {"sizeInGiB": 21}
    world.double("aws", {
        "definitions": definitions, "registered": 0,
        "services": {"shop": {"serviceName": "shop", "status": "ACTIVE", "taskDefinition": f"{TASKS}shop:1", "desiredCount": 2, "runningCount": 2},
                     "stuck": {"serviceName": "stuck", "status": "ACTIVE", "taskDefinition": f"{TASKS}shop:1", "desiredCount": 2, "runningCount": 1}},
        "suspended": {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": True},
        "rules": {RULE: forward(blue=100, green=0)}, "listeners": {LISTENER: forward(blue=100, green=0)},
        "health": {BLUE: ["healthy", "healthy"], GREEN: ["healthy", "unhealthy", "draining"], EMPTY: []}})
    (world.folder / "task.json").write_text(json.dumps({"family": "shop", "containerDefinitions": [{"name": "shop", "image": "shop:3"}]}))
    (world.folder / "first.json").write_text(json.dumps({"family": "cart", "containerDefinitions": [{"name": "cart", "image": "cart:1"}]}))
    read = world.snapshot

    # A revision that was deregistered stays, as INACTIVE.
    def snapshot():
        state = read()
        state["definitions"] = [one for one in state["definitions"] if one["status"] == "ACTIVE"]
        return {name: value for name, value in state.items() if name != "registered"}

    world.snapshot = snapshot
    world.counters = lambda: len(read()["definitions"])
