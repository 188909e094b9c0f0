"""Kubernetes objects in few words, for tests of `follow` against a real API server."""

from roles import objects_of


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def pod(name, space, **labels):
    spec = {"nodeName": "n1", "containers": [{"name": "c", "image": "x", "ports": [{"containerPort": 8080}]}]}
    meta = {"name": name, "namespace": space, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def running(*ips):
    return {"status": {"phase": "Running", "podIP": ips[0], "podIPs": [{"ip": ip} for ip in ips]}}


def service(name, space, **selector):
    spec = {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space}, "spec": spec}


def grant(server, user, space, resource, *verbs):
    """A role in a namespace for a user; returns it."""
    rbac, meta = "rbac.authorization.k8s.io", {"name": f"{user}-{resource}", "namespace": space}
    role = {
        "apiVersion": f"{rbac}/v1",
        "kind": "Role",
        "metadata": meta,
        "rules": [{"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}],
    }
    binding = {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": meta["name"]},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
    }
    server.api().create_all([role, binding])
    return role


def apply_manifest(server, name, user, space, labels, *, kinds=("Role", "RoleBinding")):  # noqa: PLR0913  as kubectl
    """The roles of a manifest, as `kubectl apply -n SPACE -l LABELS` makes them, but for a user."""
    for item in objects_of(name):
        if item["kind"] not in kinds or not labels.items() <= item["metadata"].get("labels", {}).items():
            continue
        if not item["kind"].startswith("Cluster"):
            item["metadata"]["namespace"] = space
        if "subjects" in item:
            item["subjects"] = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]
        server.api().create(item)
