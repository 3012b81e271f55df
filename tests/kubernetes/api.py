# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A small client of the API server: what tests ask of it, as the cluster's administrator."""

import http.client
import json
import ssl
import string
import urllib.parse

import yaml

from lab_process import LabError, wait_until

# kind: (group and version, name in paths, in namespaces)
KINDS = {
    "ClusterRole": ("rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "ConfigMap": ("v1", "configmaps", True),
    "DaemonSet": ("apps/v1", "daemonsets", True),
    "Deployment": ("apps/v1", "deployments", True),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices", True),
    "Namespace": ("v1", "namespaces", False),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies", True),
    "Node": ("v1", "nodes", False),
    "Pod": ("v1", "pods", True),
    "Service": ("v1", "services", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
    "StatefulSet": ("apps/v1", "statefulsets", True),
}
REQUEST_S = 30


def _path(kind, namespace, name=""):
    version, plural, namespaced = KINDS[kind]
    parts = ["apis" if "/" in version else "api", version]
    if namespaced and namespace:
        parts += ["namespaces", namespace]
    return "/" + "/".join(parts + [plural] + ([name] if name else []))


class Refused(LabError):
    """An answer other than 2xx; .status has its code."""

    def __init__(self, what, status, text):
        super().__init__(f"{what}: {status} {text[:500]}")
        self.status = status


class Client:
    """One request a connection, so that it outlives API servers."""

    def __init__(self, host, port, authority, user):
        self._host, self._port = host, port
        self._context = ssl.create_default_context(cafile=authority.path("ca.crt"))
        self._context.load_cert_chain(authority.path(f"{user}.crt"), authority.path(f"{user}.key"))

    def request(self, method, path, body=None, kind="application/json"):
        """The answer's text; Refused, or OSError when nobody answers."""
        connection = http.client.HTTPSConnection(self._host, self._port, context=self._context,
                                                 timeout=REQUEST_S)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 300:
            raise Refused(f"{method} {path}", response.status, text)
        return text

    def is_ready(self):
        try:
            return self.request("GET", "/readyz") == "ok"
        except (OSError, http.client.HTTPException, Refused):
            return False

    def put(self, thing):
        """Creates the object or brings it up to date; its new state."""
        metadata = thing["metadata"]
        path = _path(thing["kind"], metadata.get("namespace"), metadata["name"])
        query = urllib.parse.urlencode({"fieldManager": "tests", "force": "true"})
        return json.loads(self.request("PATCH", f"{path}?{query}", json.dumps(thing),
                                       "application/apply-patch+yaml"))

    def put_file(self, path, **words):
        """All objects of a YAML file in which $WORD stands for what is given; the list of them."""
        with open(path) as file:
            text = string.Template(file.read()).substitute(words)
        return [self.put(thing) for thing in yaml.safe_load_all(text) if thing]

    def get(self, kind, name, namespace=""):
        return json.loads(self.request("GET", _path(kind, namespace, name)))

    def list(self, kind, namespace="", **selectors):
        """The items; selectors as fieldSelector="..." or labelSelector="..."."""
        query = urllib.parse.urlencode(selectors)
        return json.loads(self.request("GET", f"{_path(kind, namespace)}?{query}"))["items"]

    def delete(self, kind, name, namespace="", grace_s=None):
        """Asks for it; what is not there is fine."""
        body = json.dumps({"kind": "DeleteOptions", "apiVersion": "v1",
                           "gracePeriodSeconds": grace_s}) if grace_s is not None else None
        try:
            self.request("DELETE", _path(kind, namespace, name), body)
        except Refused as refused:
            if refused.status != 404:
                raise

    def is_gone(self, kind, name, namespace=""):
        try:
            self.get(kind, name, namespace)
        except Refused as refused:
            return refused.status == 404
        return False

    def remove(self, kind, name, namespace="", deadline=60):
        """Deletes it at once and waits until it is gone."""
        self.delete(kind, name, namespace, grace_s=0)
        wait_until(lambda: self.is_gone(kind, name, namespace), deadline,
                   f"{kind} {namespace}/{name} gone")
