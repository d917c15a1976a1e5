#!/usr/bin/env python3
"""The order processing example end to end: its own plan and migrations against a real PostgreSQL with orders in it.

What the plan talks to is the world of tests/std: the real `psql`, `pg_dump`, `pg_restore` and `npm`, doubles of `aws` and `docker`, and
HTTP doubles of the Order Processing API (which uses the database and stands behind the load balancer's rule), of DataDog, CloudWatch,
Secrets Manager and the channels. People answer with `rollout approve`, `tick` and `answer`.

The plan is a copy of examples/order-processing in which addresses lead to this machine and times are short (the hour in which both
versions run takes seconds); CHANGES says what is replaced. Nothing else is changed.
"""

import argparse
import concurrent.futures
import contextlib
import getpass
import json
import pathlib
import re
import shutil
import signal
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "std"))

import cases
import test_postgres as postgres
from servers import until
from services import AWS, expect, header, secrets, signed
from world import Answer, Failed, World

EXAMPLE = ROOT / "examples" / "order-processing"
RUN, OLD, NEW = "order_processing-1", "2.4.0", "2.5.0"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456:"
RULE = f"{BALANCER}rule/abc123"
BLUE, GREEN = f"{BALANCER}targetgroup/order-api-blue", f"{BALANCER}targetgroup/order-api-green"
TASKS = "arn:aws:ecs:us-east-1:123456789012:task-definition/"
SPEAKERS = {"engineers": "ana", "on_call": "lee"}
SUSPECT = "Did migration 025 cause it? Dropping the column deletes what is in it."

# How the copy of the plan differs: each pattern has to be found.
CHANGES = [
    (r'"https://api\.example\.com"', '"{front}"'),
    (r'"https://blue\.order-api\.internal"', '"{blue}"'),
    (r'"https://staging-api\.example\.com"', '"{staging}"'),
    (r"look_back: 1m\)", 'look_back: 1m, url: "{services}")'),
    (r"(datadog\.alerts\([^)]*)\)", r'\1, url: "{services}")'),
    (r"(logs\.\w+\(.*region: aws\.region)\)", r'\1, url: "{services}")'),
    (r"(aws_secrets\.\w+\(.*region: aws\.region)\)", r'\1, address: "{services}")'),
    (r'(datadog\.event\("[^"]*",)', r'\1 url: "{services}",'),
    (r" every (5|10|30)s\n", " every 3s\n"),
    (r"hold 15m\.\.20m", "hold 3s..1m"),
    (r" for 15m\n", " for 3s\n"),
    (r", 15m\)", ", 3s)"),
    (r"check (few_errors_for|no_alert_for)\(\w+\)", r"check \1(3s)"),
]

# Backups have to hold more than a hundred entries, so there are other tables as well; three entries each.
SCHEMA = """
CREATE TABLE orders (order_id text PRIMARY KEY, customer_id text NOT NULL, cents integer NOT NULL);
INSERT INTO orders SELECT 'order_' || number, 'customer_' || number % 97, number * 13 FROM generate_series(1, 5000) AS number;
INSERT INTO orders VALUES ('test_order_123', 'test_customer_123', 4200);
DO $$ BEGIN
  FOR number IN 1..40 LOOP EXECUTE format('CREATE TABLE part_%s (id integer PRIMARY KEY)', number); END LOOP;
END $$;
"""
OLD_ORDERS = "SELECT md5(string_agg(order_id || customer_id || cents, ',' ORDER BY order_id)) FROM orders WHERE order_id NOT LIKE 'new_%'"
COLUMN = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'order_metadata'"
WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ALTER TABLE%'"

# The suite that `npm run smoke-test` runs, as the document describes its output.
SUITE = r"""
const url = process.argv[process.argv.indexOf("--url") + 1];
const headers = { "Authorization": `Bearer ${process.env.TEST_TOKEN}`, "Content-Type": "application/json" };
const order = { customer_id: "test_customer_123", items: [{ product_id: "prod_456", quantity: 1 }], payment_method: "card", card_token: "tok_visa_test" };
async function ask(path, status, options = {}) {
  const answer = await fetch(url + path, { headers, ...options });
  if (answer.status !== status) { throw new Error(`${path} answers ${answer.status}, not ${status}`); }
  return answer.json();
}
const tests = {
  "Health check": async () => (await ask("/health", 200)).status === "healthy",
  "Create order": async () => (await ask("/api/orders", 201, { method: "POST", body: JSON.stringify(order) })).status === "completed",
  "Retrieve order": async () => (await ask("/api/orders/test_order_123", 200)).order_id === "test_order_123",
  "Database connectivity": async () => (await ask("/health", 200)).database === "connected",
};
(async () => {
  let passed = 0;
  for (const [name, test] of Object.entries(tests)) {
    const good = await test().catch((problem) => { console.error(problem.message); return false; });
    console.log(`${good ? "✓" : "✗"} ${name} ${good ? "passed" : "failed"}`);
    passed += good;
  }
  if (passed < 4) { process.exit(1); }
  console.log("All smoke tests passed (4/4)");
})();
"""

SETTINGS = {
    "DATABASE_POOL_SIZE": "20", "DATABASE_TIMEOUT": "30000", "REDIS_POOL_SIZE": "10", "NODE_ENV": "production", "PORT": "8080", "LOG_LEVEL": "info",
    "LOG_FORMAT": "json", "FEATURE_NEW_INVENTORY": "true", "FEATURE_PAYMENT_V2": "true", "DATADOG_SERVICE_NAME": "order-api", "DATADOG_ENV": "production",
}

# What Secrets Manager says of the secrets of the service.
ROTATION = {**{name: {"RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": days}}
               for name, days in (("db-password", 90), ("redis-password", 180), ("stripe-api-key", 180), ("datadog-api-key", 180))},
            "stripe-webhook-secret": {}}

# What DataDog measures on a good day, by a part of the query.
MEASURED = {"api.errors": 0.002, "response_time": 180, "as_rate": 1.7, "db_pool": 40, "mem.utilization": 50, "cpu.percent": 35}


class Release:
    """One run of the plan in a world of its own, with the people who answer it."""

    def __init__(self, rollout, number):
        self.world = World(rollout)
        self.number, self.name = number, f"orders_{number}"
        self.blue_is_broken = False
        self.answers = {}
        self.ended = threading.Event()
        self.closing = contextlib.ExitStack()
        self.closing.callback(self.world.close)

    def __enter__(self):
        try:
            self.set_database_up()
            self.set_commands_up()
            self.set_services_up()
            self.write_plan()
        except BaseException:
            self.closing.close()
            raise
        return self

    def __exit__(self, *problem):
        self.ended.set()
        self.closing.close()

    # ------------------------------------------------------------ the world

    def ask(self, query):
        return postgres.ask(postgres.server(), self.name, query)

    def set_database_up(self):
        postgres.ask(postgres.server(), "postgres", f"CREATE DATABASE {self.name}")
        self.closing.callback(postgres.ask, postgres.server(), "postgres", f"DROP DATABASE {self.name} WITH (FORCE)", check=False)
        self.ask(SCHEMA)
        self.before = self.ask(OLD_ORDERS)

    def set_commands_up(self):
        for command in ("psql", "pg_dump", "pg_restore", "npm", "node"):
            self.world.command(command)
        self.aws = self.world.double("aws", {
            "definitions": [{"family": "order-api", "revision": 41, "status": "ACTIVE", "taskDefinitionArn": f"{TASKS}order-api:41", "cpu": "2048",
                             "memory": "4096", "containerDefinitions": [{"name": "order-api", "environment": []}]}],
            "registered": 0,
            "services": {f"order-api-{color}": {"serviceName": f"order-api-{color}", "status": "ACTIVE", "taskDefinition": f"{TASKS}order-api:41",
                                                "desiredCount": count, "runningCount": count} for color, count in (("blue", 0), ("green", 3))},
            "suspended": {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False},
            "rules": {RULE: [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GREEN, "Weight": 100}]}}]}, "listeners": {},
            "health": {BLUE: ["healthy"] * 3, GREEN: ["healthy"] * 3}})
        self.world.double("docker", {"registry": {"order-api:2.5.0-abc123": "sha256:a1"}, "images": {}, "ids": ["sha256:a1"], "containers": {}, "made": 0})
        self.world.snapshot = lambda: None
        (self.world.folder / "task-definition-v2.5.0.json").write_text(json.dumps({
            "family": "order-api", "cpu": "2048", "memory": "4096", "ephemeralStorage": {"sizeInGiB": 20},
            "containerDefinitions": [{"name": "order-api", "image": "order-api:2.5.0-abc123",
                                      "environment": [{"name": name, "value": value} for name, value in SETTINGS.items()]}]}))
        (self.world.folder / "package.json").write_text(json.dumps({"name": "order-api", "scripts": {"smoke-test": "node smoke-test.js"}}))
        (self.world.folder / "smoke-test.js").write_text(SUITE)

    def set_services_up(self):
        self.told = []
        serve = self.world.http
        self.places = {"services": serve(self.answer_services, told=False), "staging": serve(lambda request: self.answer_api(request, NEW), told=False),
                       "blue": serve(lambda request: self.answer_api(request, NEW), told=False),
                       "front": serve(lambda request: self.answer_api(request, self.version_in_front()), told=False)}
        secrets(self.world, DB_PASSWORD=postgres.PASSWORD, TEST_TOKEN="canary-test-token", INTERNAL_TOKEN="canary-internal-token",
                DD_API_KEY="canary-dd-api-key", DD_APP_KEY="canary-dd-app-key", PAGER_WEBHOOK_URL=f"{self.places['services']}/pager-canary",
                SLACK_WEBHOOK_URL=f"{self.places['services']}/slack-canary", **AWS)

    def state(self):
        return json.loads(self.aws.read_text())

    def version_in_front(self):
        """What answers behind the load balancer: its rule decides."""
        groups = self.state()["rules"][RULE][0]["ForwardConfig"]["TargetGroups"]
        weights = {group["TargetGroupArn"]: group["Weight"] for group in groups}
        return NEW if weights.get(BLUE, 0) else OLD

    def answer_api(self, request, version):
        if request.path == "/health":
            return Answer(json={"status": "healthy", "version": version, "database": "connected" if self.ask("SELECT 1") == "1" else "gone"})
        if request.path == "/api/internal/db-check":
            header(request, "X-Internal-Token", "canary-internal-token")
            return Answer(json={"database": "connected", "latency_ms": 8})
        header(request, "Authorization", "Bearer canary-test-token")
        if request.path == "/api/orders/test_order_123":
            return Answer(json={"order_id": self.ask("SELECT order_id FROM orders WHERE order_id = 'test_order_123'")})
        if request.method == "POST" and request.path == "/api/orders":
            if version == NEW and self.blue_is_broken:
                return Answer(500, json={"error": "the inventory does not answer"})
            made = f"'new_' || gen_random_uuid(), '{request.json['customer_id']}', 100"
            # The new version is the one that knows the column.
            columns, values = ("", made) if version == OLD else (", order_metadata", made + ", '{\"warehouse\": 7}'")
            order = self.ask(f"INSERT INTO orders (order_id, customer_id, cents{columns}) VALUES ({values}) RETURNING order_id")
            return Answer(201, json={"order_id": order, "status": "completed"})
        return None

    def answer_services(self, request):
        if request.path in ("/pager-canary", "/slack-canary"):
            self.told.append((request.path[1:].removesuffix("-canary"), json.dumps(request.json)))
            return Answer(text="ok")
        if request.path == "/" and request.headers.get("X-Amz-Target") == "Logs_20140328.FilterLogEvents":
            signed(request, "us-east-1", "logs")
            return Answer(json={"events": []})
        if request.path == "/" and request.headers.get("X-Amz-Target") == "secretsmanager.DescribeSecret":
            signed(request, "us-east-1", "secretsmanager")
            name = request.json["SecretId"]
            return Answer(json={"Name": name, **ROTATION[name.removeprefix("prod/order-api/")]})
        header(request, "DD-API-KEY", "canary-dd-api-key")
        if request.path == "/api/v1/events":
            return Answer(202, json={"status": "ok"})
        header(request, "DD-APPLICATION-KEY", "canary-dd-app-key")
        if request.path == "/api/v1/monitor/search":
            return Answer(json={"metadata": {"total_count": 0}})
        if request.path == "/api/v2/query/timeseries":
            asked = request.json["data"]["attributes"]
            value = next(value for part, value in MEASURED.items() if part in asked["queries"][0]["query"])
            times = list(range(int(asked["from"]) // 1000 * 1000, int(asked["to"]) + 1, 1000))
            return Answer(json={"data": {"attributes": {"series": [{}], "times": times, "values": [[value] * len(times)]}}})
        return None

    def write_plan(self):
        for name in ("aws.rollout", "smoke.rollout", "migrations"):
            copy = shutil.copytree if (EXAMPLE / name).is_dir() else shutil.copy
            copy(EXAMPLE / name, self.world.folder / name)
        plan = (EXAMPLE / "order-processing.rollout").read_text().split("# ---------------------------------------------------------------- its tests")[0]
        for pattern, replacement in CHANGES:
            plan, times = re.subn(pattern, replacement, plan)
            expect(times, f"the plan has nothing that fits {pattern!r}")
        for place, address in self.places.items():
            plan = plan.replace("{" + place + "}", address)
        (self.world.folder / "order-processing.rollout").write_text(plan)
        # Of each item its text (as far as it is constant), who else ticks it, and its check.
        self.items = [(text.split("${")[0], role, bool(check)) for text, role, check in re.findall(r'item "((?:[^"\\]|\\.)*)"(?: by (\w+))?( check)?', plan)]
        database = (EXAMPLE / "database.rollout").read_text()
        address = "admin@prod-db.example.com:5432/orders"
        expect(address in database, f"the example has no {address}")
        (self.world.folder / "database.rollout").write_text(database.replace(address, f"admin@127.0.0.1:{postgres.server()}/{self.name}"))
        (self.world.folder / "required.rollout").write_text("".join(
            f"rollout {name} {{ stage all {{ readonly run `true` }} }}\n" for name in ("feature_payment_v2", "integration_test_order_flow")))

    # ------------------------------------------------------------ running

    def start(self):
        # In production somebody speaks under another name only where this file says so.
        people = self.world.folder / "state" / "people"
        people.write_text(f"{getpass.getuser()}: dana, kim, ana, bo, chris, petra, lee, noor\n")
        people.chmod(0o600)
        for name in ("feature_payment_v2", "integration_test_order_flow"):
            done = self.world.tell("run", "required.rollout", "--rollout", name, "--yes")
            expect(done.returncode == 0, f"{name} did not succeed: {done.stdout}{done.stderr}")
        self.world.spawn("run", "order-processing.rollout", "--yes")
        people = threading.Thread(target=self.people, daemon=True)
        people.start()
        # Before the world ends: they use it.
        self.closing.callback(people.join, 30)
        self.closing.callback(self.ended.set)

    def people(self):
        """Everybody does what is asked of them, as soon as it is asked."""
        done = set()
        while not self.ended.wait(0.3):
            with contextlib.suppress(ValueError):
                for gate in json.loads(self.world.tell("status", RUN, "--format", "json").stdout)["gates"]:
                    self.answer(gate, done)

    def answer(self, gate, done):
        name, members = gate["gate"], gate["members"]
        if gate["kind"] == "ask" and name in self.answers:
            self.world.tell("answer", RUN, name, self.answers[name], "--by", members[0])
        elif gate["kind"] == "approve":
            for member in members[:gate["needed"]]:
                self.world.tell("approve", RUN, name, "--by", member)
        for item in gate["items"]:
            role, ticks_itself = max((text, more) for text, *more in self.items if item["item"].startswith(text))[1]
            if not ticks_itself and (name, item["item"]) not in done:
                done.add((name, item["item"]))
                self.world.tell("tick", RUN, name, item["item"], "--by", SPEAKERS.get(role, members[0]))

    def end(self, status):
        try:
            self.world.process.wait(300)
        except Exception as problem:
            raise Failed(f"the run did not end: {self.world.tell('status', RUN).stdout}\n{self.world.log()}") from problem
        observed = self.world.process.returncode
        expect(observed == status, f"exit status {observed}, not {status}\n{self.world.log()}\nthe calls were\n{self.world.listing()}")
        expect(not self.world.problems, "; ".join(self.world.problems))
        verified = self.world.tell("log", RUN, "--verify")
        expect(verified.returncode == 0, f"the journal is not whole: {verified.stdout}{verified.stderr}")

    def called(self, text):
        return [call.text for call in self.world.calls if text in call.text]

    def expect_intact(self):
        expect(self.ask(OLD_ORDERS) == self.before, "orders from before are not as they were")
        expect(self.ask("SELECT count(*) FROM orders WHERE order_id NOT LIKE 'new_%'") == "5001", "orders from before are missing")

    def expect_tasks(self, blue, green):
        services = self.state()["services"]
        running = {color: services[f"order-api-{color}"]["runningCount"] for color in ("blue", "green")}
        expect(running == {"blue": blue, "green": green}, f"these tasks run: {running}")


# ---------------------------------------------------------------- the cases


def a_good_release_takes_all_traffic_and_green_stops(rollout):
    with Release(rollout, 1) as release:
        release.start()
        release.end(0)
        release.expect_intact()
        release.expect_tasks(blue=3, green=0)
        expect(release.version_in_front() == NEW, "green still has the traffic")
        expect(release.ask(COLUMN) == "1", "the column is not there")
        expect(int(release.ask("SELECT count(*) FROM orders WHERE order_metadata ->> 'warehouse' = '7'")) > 0, "no order of the new version is there")
        expect(len(release.called("025_add_order_metadata.sql")) == 1, "the migration did not run once")
        expect(any("is live and accepted" in text for _, text in release.told), f"nobody was told: {release.told}")


def a_failing_smoke_test_takes_everything_back_and_the_migration_with_it(rollout):
    with Release(rollout, 2) as release:
        release.blue_is_broken = True
        release.answers[SUSPECT] = "yes, drop the column"
        release.start()
        release.end(3)
        release.expect_intact()
        release.expect_tasks(blue=0, green=3)
        expect(release.version_in_front() == OLD, "blue has traffic")
        expect(release.ask(COLUMN) == "0", "the column is still there")
        expect(len(release.called("025_add_order_metadata.sql")) == 1, "the migration did not run")
        expect(len(release.called("025_add_order_metadata_rollback.sql")) == 1, "the migration was not taken back once")
        expect(not release.called("modify-rule"), "the traffic was moved before the smoke tests had passed")
        expect(any("rolled back to 2.4.0" in text for _, text in release.told), f"nobody was told: {release.told}")


def a_runtime_that_is_killed_in_the_middle_of_the_migration_goes_on(rollout):
    with Release(rollout, 3) as release:
        # Somebody reads the table for long, so that the migration has begun and has to wait for the lock.
        reader = postgres.hold_lock(release.name, "LOCK TABLE orders IN ACCESS SHARE MODE")
        release.closing.callback(reader.kill)
        release.start()
        until(lambda: release.ask(WAITING) == "t", f"the migration did not begin\n{release.world.log()}", limit=120)
        release.world.process.send_signal(signal.SIGKILL)
        release.world.process.wait()
        expect(release.ask(COLUMN) == "0", "the migration was done already")
        release.world.spawn("resume", RUN)
        until(lambda: len(release.called("025_add_order_metadata.sql")) == 2, f"the migration was not run again\n{release.world.log()}", limit=120)
        reader.kill()
        release.end(0)
        release.expect_intact()
        release.expect_tasks(blue=3, green=0)
        expect(release.ask(COLUMN) == "1", "the column is not there")
        expect(len(release.called("025_add_order_metadata.sql")) == 2, "the migration ran more often than twice")


CASES = [a_good_release_takes_all_traffic_and_green_stops, a_failing_smoke_test_takes_everything_back_and_the_migration_with_it,
         a_runtime_that_is_killed_in_the_middle_of_the_migration_goes_on]


def outcome(future):
    try:
        future.result()
    except Failed as problem:
        raise cases.Failed(str(problem)) from None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="?", help="part of a case's name: only these")
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    options = parser.parse_args()
    rollout = str(pathlib.Path(options.rollout).resolve())
    postgres.server()
    begun = time.monotonic()
    # Most of the time is waiting, so they run side by side.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        chosen = {case.__name__: pool.submit(case, rollout) for case in CASES if not options.only or options.only in case.__name__}
        status = cases.run_cases("order processing", {name: lambda future=future: outcome(future) for name, future in chosen.items()})
    print(f"{time.monotonic() - begun:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
