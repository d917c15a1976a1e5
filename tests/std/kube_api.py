"""An API server double for the real `kubectl`: a strict subset of Kubernetes' API, as its reference documents it.

It knows deployments (with their replica sets and the scale subresource), services, config maps, pods and their logs, and the custom
resources that split traffic, `httproutes` of the Gateway API and Istio's `virtualservices`. Requests are checked: path, content type, query,
the kinds and fields of bodies. Anything else is a problem of the world, and so a failed test. A controller that is always done stands behind
deployments, but for those in `stuck`, which never get their new replicas.
"""

import copy
import dataclasses
import json
import re
import typing

from world import Answer

SMP, JSON_PATCH, MERGE = "application/strategic-merge-patch+json", "application/json-patch+json", "application/merge-patch+json"

# group/version: resource -> (kind, singular, short names, custom)
GROUPS = {
    "v1": {"services": ("Service", "service", ["svc"], False), "configmaps": ("ConfigMap", "configmap", ["cm"], False),
           "pods": ("Pod", "pod", ["po"], False)},
    "apps/v1": {"deployments": ("Deployment", "deployment", ["deploy"], False), "replicasets": ("ReplicaSet", "replicaset", ["rs"], False)},
    "networking.k8s.io/v1": {"ingresses": ("Ingress", "ingress", ["ing"], False)},
    "gateway.networking.k8s.io/v1": {"httproutes": ("HTTPRoute", "httproute", [], True)},
    "networking.istio.io/v1": {"virtualservices": ("VirtualService", "virtualservice", ["vs"], True)},
}
# What patches of lists go by, in a strategic merge patch.
MERGE_KEYS = {"containers": "name", "env": "name", "ports": "port", "volumes": "name"}
# What a deployment's and a service's spec may hold here. `weight` of a service is no field of plain Kubernetes: it stands for clusters
# whose load balancer reads one there.
SPEC_FIELDS = {"deployments": {"replicas", "selector", "template", "strategy", "revisionHistoryLimit", "progressDeadlineSeconds", "paused"},
               "services": {"selector", "ports", "type", "weight", "clusterIP"}}
# swagger "2.0", an info, no paths and no definitions: kubectl then leaves validating to the server.
OPENAPI = b"\x0a\x032.0\x12\x0b\x0a\x04kube\x12\x03one"


class Refused(Exception):
    """An answer with this status."""

    def __init__(self, status, reason, message):
        super().__init__(message)
        self.status, self.reason = status, reason


def deployment(name, image, replicas=2, **more):
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default", "labels": labels, **more},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": image}]}}}}


def service(name, **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80}], **spec}}


def pod(name, app, log):
    """Its annotation `log` is what it logs; no field of a real pod."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": app}, "annotations": {"log": log}},
            "spec": {"containers": [{"name": app, "image": app}]}, "status": {"phase": "Running"}}


def ingress(name, weight):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {
                "name": name, "namespace": "default", "annotations": {"nginx.ingress.kubernetes.io/canary-weight": str(weight)}},
            "spec": {"ingressClassName": "nginx"}}


def http_route(name, *backends):
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name, "namespace": "default"},
            "spec": {"parentRefs": [{"name": "gateway"}],
                     "rules": [{"backendRefs": [{"name": backend, "port": 80, "weight": weight} for backend, weight in backends]}]}}


def virtual_service(name, *subsets):
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": name, "namespace": "default"},
            "spec": {"hosts": [name], "http": [{"route": [{"destination": {"host": name, "subset": subset}, "weight": weight}
                                                          for subset, weight in subsets]}]}}


def strategic(old, patch, key=None):
    """Kubernetes' strategic merge patch, as far as kubectl sends it here."""
    if isinstance(patch, list):
        by = MERGE_KEYS.get(key)
        if by is None or not isinstance(old, list):
            return patch
        merged = {item[by]: item for item in old}
        for item in patch:
            if item.get("$patch") == "delete":
                merged.pop(item[by], None)
            else:
                merged[item[by]] = strategic(merged.get(item[by], {}), item)
        return list(merged.values())
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    old = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if name.startswith("$setElementOrder/") or name.startswith("$retainKeys"):
            continue
        if value is None:
            old.pop(name, None)
        else:
            old[name] = strategic(old.get(name), value, name)
    return old


def json_patch(old, operations):
    """RFC 6902: test, replace, add and remove."""
    document = copy.deepcopy(old)
    for operation in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        at = document
        try:
            for part in way:
                at = at[int(part)] if isinstance(at, list) else at[part]
            where = int(last) if isinstance(at, list) else last
            verb = operation["op"]
            if verb == "test":
                if at[where] != operation["value"]:
                    raise Refused(422, "Invalid", f"testing value {operation['path']} failed")
            elif verb == "replace":
                at[where]  # what is not there cannot be replaced
                at[where] = operation["value"]
            elif verb == "add":
                at[where] = operation["value"]
            elif verb == "remove":
                del at[where]
            else:
                raise Refused(400, "BadRequest", f"unknown operation {verb}")
        except (KeyError, IndexError, ValueError, TypeError) as problem:
            raise Refused(422, "Invalid", f"{operation['path']}: {problem!r}") from None
    return document


@dataclasses.dataclass
class Place:
    """What a path names."""
    group: str
    resource: str
    namespace: str
    name: str = ""
    subresource: str = ""


class Cluster:
    """The objects, by (resource, namespace, name)."""

    def __init__(self, world, *objects):
        self.world, self.objects, self.stuck, self.version, self.changes = world, {}, set(), 100, 0
        for value in objects:
            resource = next(r for kinds in GROUPS.values() for r, row in kinds.items() if row[0] == value["kind"])
            place = Place(value["apiVersion"], resource, value["metadata"]["namespace"], value["metadata"]["name"])
            self.store(place, copy.deepcopy(value))
        self.changes = 0
        self.address = world.http(self.answer, told=False)
        self.elsewhere = world.http(lambda request: None, told=False)  # another cluster, which nobody should ask anything
        (world.home / ".kube").mkdir(exist_ok=True)
        (world.home / ".kube" / "config").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test", "users": [{"name": "me", "user": {"token": "tok"}}],
            "clusters": [{"name": "test", "cluster": {"server": self.address}}, {"name": "other", "cluster": {"server": self.elsewhere}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name in ("test", "other")]}))
        world.command("kubectl")
        world.cluster = self
        world.snapshot, world.counters = self.snapshot, lambda: self.changes

    def snapshot(self):
        """What somebody has said, not what the server notes about it."""
        seen = {}
        for key, value in sorted(self.objects.items()):
            if key[0] == "replicasets":
                continue
            notes = {name: text for name, text in value["metadata"].get("annotations", {}).items()
                     if name not in ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")}
            seen["/".join(key)] = {"annotations": notes, "labels": value["metadata"].get("labels", {}), "spec": value.get("spec"),
                                   "data": value.get("data")}
        # The time of a restart is another in each run; how many there were is in the number of changes.
        return json.loads(re.sub(r'("kubectl.kubernetes.io/restartedAt": )"[^"]*"', r'\1"set"', json.dumps(seen)))

    # ------------------------------------------------------------ answering

    def answer(self, request):
        if request.headers.get("Authorization") not in (None, "Bearer tok"):
            return None
        known = self.discovery(request)
        if known:
            return known
        place = self.place(request.path)
        if place is None:
            return None
        try:
            return self.act(request, place)
        except Refused as no:
            return Answer(no.status, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": str(no), "reason": no.reason,
                                      "code": no.status, "details": {"name": place.name, "kind": place.resource}})

    def discovery(self, request):
        if request.method != "GET":
            return None
        if request.path == "/version":
            return Answer(200, {"major": "1", "minor": "30", "gitVersion": "v1.30.0"})
        if request.path == "/api":
            return Answer(200, {"kind": "APIVersions", "versions": ["v1"]})
        if request.path == "/apis":
            groups = [group.split("/") for group in GROUPS if "/" in group]
            return Answer(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": name, "versions": [{"groupVersion": f"{name}/{version}", "version": version}],
                 "preferredVersion": {"groupVersion": f"{name}/{version}", "version": version}} for name, version in groups]})
        if request.path in ("/openapi/v2",):
            return Answer(200, headers={"Content-Type": "application/octet-stream"},
                          text=OPENAPI.decode("latin-1"))
        if request.path == "/openapi/v3":
            return Answer(200, {"paths": {f"{self.root(group)[1:]}": {"serverRelativeURL": f"/openapi/v3{self.root(group)}"}
                                          for group in GROUPS}})
        if request.path.startswith("/openapi/v3/"):
            return self.openapi(request.path.removeprefix("/openapi/v3"))
        for group, kinds in GROUPS.items():
            if request.path == self.root(group):
                return Answer(200, {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": [
                    {"name": name, "kind": kind, "singularName": singular, "namespaced": True, "shortNames": short,
                     "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]}
                    for name, (kind, singular, short, _) in kinds.items()]})
        return None

    # That the server validates fields itself, which kubectl asks before it sends `fieldValidation`.
    def openapi(self, root):
        for group, kinds in GROUPS.items():
            if root != self.root(group):
                continue
            name, version = group.split("/") if "/" in group else ("", group)
            paths = {f"{root}/namespaces/{{namespace}}/{resource}/{{name}}": {"patch": {
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}], "responses": {},
                "x-kubernetes-group-version-kind": {"group": name, "version": version, "kind": row[0]}}} for resource, row in kinds.items()}
            return Answer(200, {"openapi": "3.0.0", "info": {"title": "kube", "version": "one"}, "paths": paths})
        return None

    @staticmethod
    def root(group):
        return f"/apis/{group}" if "/" in group else f"/api/{group}"

    def place(self, path):
        for group, kinds in GROUPS.items():
            match = re.fullmatch(rf"{re.escape(self.root(group))}/namespaces/([a-z0-9-]+)/([a-z]+)(?:/([a-z0-9.-]+))?(?:/(scale|log))?", path)
            if match and match[2] in kinds:
                return Place(group, match[2], match[1], match[3] or "", match[4] or "")
        return None

    def act(self, request, place):
        method, query = request.method, {name: values[0] for name, values in request.query.items()}
        verbs: dict[tuple, typing.Any] = {("GET", True): self.get, ("GET", False): self.list, ("PATCH", True): self.patch, ("POST", False): self.create,
                                          ("DELETE", True): self.delete, ("PUT", True): self.put}
        verb = verbs.get((method, bool(place.name)))
        allowed = {"GET": {"labelSelector", "fieldSelector", "limit", "watch", "resourceVersion", "timeoutSeconds", "allowWatchBookmarks",
                           "timeout", "sendInitialEvents", "resourceVersionMatch"} | ({"container", "sinceSeconds"} if place.subresource == "log" else set()),
                   "PATCH": {"fieldManager", "fieldValidation"}, "POST": {"fieldManager", "fieldValidation"},
                   "PUT": {"fieldManager"}, "DELETE": set()}[method]
        if verb is None or not set(query) <= allowed:
            return None
        return verb(request, place, query)

    def find(self, place):
        found = self.objects.get((place.resource, place.namespace, place.name))
        if found is None:
            raise Refused(404, "NotFound", f'{place.resource} "{place.name}" not found')
        return found

    def get(self, request, place, query):
        found = self.find(place)
        if place.subresource == "scale":
            return Answer(200, self.scale_of(found))
        if place.subresource == "log":
            return self.log_of(found, query)
        return Answer(200, found)

    @staticmethod
    def log_of(found, query):
        if query.get("container") != found["spec"]["containers"][0]["name"] or query.get("sinceSeconds") != "900":
            raise Refused(400, "BadRequest", f"the log is asked for with {query}")
        return Answer(200, text=found["metadata"]["annotations"]["log"])

    @staticmethod
    def scale_of(found):
        return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {
                    name: found["metadata"][name] for name in ("name", "namespace", "resourceVersion", "uid")},
                "spec": {"replicas": found["spec"]["replicas"]},
                "status": {"replicas": found["status"]["replicas"], "selector": f"app={found['metadata']['name']}"}}

    def list(self, request, place, query):
        wanted = dict(part.split("=", 1) for part in query.get("labelSelector", "").replace("==", "=").split(",") if part)
        field = query.get("fieldSelector", "")
        items = [value for (resource, namespace, name), value in sorted(self.objects.items())
                 if (resource, namespace) == (place.resource, place.namespace) and field in ("", f"metadata.name={name}")
                 and wanted.items() <= value["metadata"].get("labels", {}).items()]
        if query.get("watch") in ("true", "1"):
            if "sendInitialEvents" in query:
                raise Refused(422, "Invalid", "sendInitialEvents is not supported")
            return Answer(200, headers={"Content-Type": "application/json"})
        return Answer(200, {"kind": GROUPS[place.group][place.resource][0] + "List", "apiVersion": place.group,
                            "metadata": {"resourceVersion": str(self.version)}, "items": items})

    def patch(self, request, place, query):
        found, kind = self.find(place), request.headers.get("Content-Type")
        if place.subresource == "scale":
            return self.patch_scale(request, place, found, kind)
        custom = GROUPS[place.group][place.resource][3]
        if kind == SMP and not custom:
            new = strategic(found, request.json)
        elif kind == MERGE:
            new = merge(found, request.json)
        elif kind == JSON_PATCH:
            new = json_patch(found, request.json)
        else:
            raise Refused(415, "UnsupportedMediaType", f"{kind} is not taken for {place.resource}")
        return Answer(200, self.store(place, new))

    def patch_scale(self, request, place, found, kind):
        body = request.json
        if kind != MERGE or set(body) != {"spec"} or set(body["spec"]) != {"replicas"}:
            raise Refused(400, "BadRequest", f"this patches no scale: {kind} {body}")
        return Answer(200, self.scale_of(self.store(place, merge(found, body))))

    def put(self, request, place, query):
        found, body = self.find(place), request.json
        if place.subresource != "scale" or body.get("kind") != "Scale" or set(body["spec"]) - {"replicas"}:
            raise Refused(400, "BadRequest", "only the scale is replaced here")
        if body["metadata"].get("resourceVersion") not in (None, found["metadata"]["resourceVersion"]):
            raise Refused(409, "Conflict", "the object has been modified")
        new = copy.deepcopy(found)
        new["spec"]["replicas"] = body["spec"].get("replicas", 0)
        return Answer(200, self.scale_of(self.store(place, new)))

    def create(self, request, place, query):
        body = request.json
        place.name = body["metadata"]["name"]
        if body.get("kind") != GROUPS[place.group][place.resource][0] or body["metadata"].get("namespace", place.namespace) != place.namespace:
            raise Refused(400, "BadRequest", "the kind or the namespace is not that of the path")
        if (place.resource, place.namespace, place.name) in self.objects:
            raise Refused(409, "AlreadyExists", f"{place.name} already exists")
        return Answer(201, self.store(place, body))

    def delete(self, request, place, query):
        found = self.find(place)
        options = json.loads(request.body or b"{}")
        if not set(options) <= {"kind", "apiVersion", "propagationPolicy"}:
            raise Refused(400, "BadRequest", f"unknown options {options}")
        for key in [key for key, value in self.objects.items() if key[0] == "replicasets" and value["metadata"]["labels"] == found["metadata"].get("labels")]:
            del self.objects[key]
        del self.objects[(place.resource, place.namespace, place.name)]
        self.changes += 1
        return Answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success",
                            "details": {"name": place.name, "kind": place.resource, "uid": found["metadata"]["uid"]}})

    # ------------------------------------------------------------ storing

    def store(self, place, value):
        """Takes an object in: notes its version, and does for a deployment what its controller does."""
        key = (place.resource, place.namespace, place.name)
        old = self.objects.get(key)
        unknown = set(value.get("spec", {})) - SPEC_FIELDS.get(place.resource, set(value.get("spec", {})))
        if unknown:
            raise Refused(422, "Invalid", f"unknown fields {sorted(unknown)}")
        if place.resource == "deployments" and not isinstance(value["spec"]["replicas"], int):
            raise Refused(422, "Invalid", "replicas is no number")
        value = defaulted(place, value)
        if old == value:
            return old
        value = copy.deepcopy(value)
        self.version += 1
        self.changes += 1
        meta = value["metadata"]
        meta.setdefault("namespace", place.namespace)
        meta.setdefault("uid", f"uid-{self.version}")
        meta["resourceVersion"] = str(self.version)
        if old is None or old.get("spec") != value.get("spec"):
            meta["generation"] = meta.get("generation", 0) + 1
        if place.resource == "deployments":
            self.control(place, value)
        self.objects[key] = value
        return value

    def control(self, place, value):
        name, spec = place.name, value["spec"]
        replicas = {key: rs for key, rs in self.objects.items() if key[0] == "replicasets" and rs["metadata"]["ownerReferences"][0]["name"] == name}
        revisions = [int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]) for rs in replicas.values()]
        mine = next((rs for rs in replicas.values() if without_hash(rs["spec"]["template"]) == spec["template"]), None)
        if mine is None:
            number = str(self.version)
            template = copy.deepcopy(spec["template"])
            template["metadata"].setdefault("labels", {})["pod-template-hash"] = number
            mine = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"replicas": 0, "template": template, "selector": spec["selector"]},
                    "metadata": {"name": f"{name}-{number}", "namespace": place.namespace, "uid": f"rs-{number}", "annotations": {},
                                 "labels": dict(template["metadata"]["labels"]), "creationTimestamp": "2026-01-01T00:00:00Z",
                                 "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True,
                                                      "uid": value["metadata"]["uid"]}]}}
            self.objects[("replicasets", place.namespace, f"{name}-{number}")] = mine
            revision = max(revisions, default=0) + 1
        else:
            revision = int(mine["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
            if revision != max(revisions):
                revision = max(revisions) + 1
        mine["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = str(revision)
        value["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = str(revision)
        for other in replicas.values():
            other["spec"]["replicas"] = 0
        mine["spec"]["replicas"] = spec["replicas"]
        count, stuck = spec["replicas"], name in self.stuck
        there = 0 if stuck else count
        value["status"] = {"observedGeneration": value["metadata"]["generation"], "replicas": count, "updatedReplicas": there,
                           "readyReplicas": there, "availableReplicas": there,
                           "conditions": [{"type": "Available", "status": "False" if stuck else "True", "reason": "MinimumReplicas"},
                                          {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}


def defaulted(place, value):
    """As the server keeps it: without nulls, and with the defaults of a deployment's template."""
    def bare(part):
        if isinstance(part, dict):
            return {name: bare(inner) for name, inner in part.items() if inner is not None}
        return [bare(inner) for inner in part] if isinstance(part, list) else part

    value = bare(value)
    if place.resource == "deployments":
        for container in value["spec"]["template"]["spec"]["containers"]:
            container.setdefault("resources", {})
    return value


def without_hash(template):
    bare = copy.deepcopy(template)
    bare["metadata"].get("labels", {}).pop("pod-template-hash", None)
    return bare


def merge(old, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    old = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            old.pop(name, None)
        else:
            old[name] = merge(old.get(name), value)
    return old
