# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A cluster of one node: etcd, API server, controllers, scheduler, proxy, containerd and kubelet.

It lives in the namespaces that run.sh makes, where these addresses and paths are nobody else's, and
everything in it ends with them.
"""

import json
import os
import socket
import subprocess

import yaml

import api
import images
from authority import Authority
from lab_process import LabError, Process, wait_until

NODE, ADDRESS, SERVICE = "node-1", "10.60.0.10", "10.96.0.1"
PODS, SERVICES = "10.61.0.0/24", "10.96.0.0/24"
API_PORT, KUBELET_PORT = 443, 10250
HOME = "/run/cluster"
STATIC_PODS = f"{HOME}/static-pods"
KUBELET_CERTIFICATES = "/var/lib/kubelet/pki"
CONTAINERD = "/run/containerd/containerd.sock"
START_S = 60
# A watch that its client lets last is ended by the server after that to twice that.
WATCH_S = 1800

CONTAINERD_CONFIG = f"""
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
[grpc]
address = "{CONTAINERD}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{images.TOOLS}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{HOME}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""

# Each pod at a wire of its own: what goes from one to another passes the node's forwarding.
NETWORK = {
    "cniVersion": "0.4.0", "name": "pods", "plugins": [{
        "type": "ptp", "ipMasq": False, "mtu": 1500,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "dataDir": "/run/cni",
                 "routes": [{"dst": "0.0.0.0/0"}]}}]}


def _write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def accepts(address, port):
    """Whether a TCP connection there comes to stand; it ends at once."""
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


class Cluster:
    """A context manager; .api is the administrator, .cgroup the kubelet's --cgroup-root."""

    def __init__(self):
        self.binaries, self.cgroup = os.environ["JB_BINARIES"], os.environ["JB_CGROUP"]
        self.authority = Authority(f"{HOME}/pki")
        self._certify()
        self.api = api.Client(ADDRESS, API_PORT, self.authority, "admin")
        self._processes = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """The youngest first. Containers end with the namespaces."""
        for process in reversed(list(self._processes.values())):
            process.close()
        self._processes.clear()

    def said(self, name):
        """What the program has written."""
        process = self._processes[name]
        return process.stdout + process.stderr

    def _start(self):
        self._run("etcd", "--data-dir", f"{HOME}/etcd", "--unsafe-no-fsync",
                  "--listen-client-urls=http://127.0.0.1:2379",
                  "--advertise-client-urls=http://127.0.0.1:2379",
                  "--listen-peer-urls=http://127.0.0.1:2380")
        self.start_api()
        self._start_containerd()
        self._start_controllers()
        self._start_proxy()
        self._start_kubelet()
        self._until(lambda: self._node_is_ready(), "the node ready")
        self._until(lambda: not self.api.is_gone("ServiceAccount", "default", "default"),
                    "service accounts")

    def _run(self, name, *arguments, path=None):
        self._processes[name] = Process(path or os.path.join(self.binaries, name), *arguments)

    def _until(self, predicate, what):
        """Waits for it, as long as all programs run."""
        def look():
            for name, process in self._processes.items():
                if process.returncode is not None:
                    raise LabError(f"{name} ended with {process.returncode}: "
                                   f"{self.said(name)[-3000:]}")
            return predicate()
        wait_until(look, START_S, what)

    def _certify(self):
        certify = self.authority.certify
        certify("admin", "admin", "system:masters")
        certify("api", "kube-apiserver", addresses=(
            f"IP:{ADDRESS}", f"IP:{SERVICE}", "IP:127.0.0.1", "DNS:kubernetes.default.svc"))
        certify("controllers", "system:kube-controller-manager")
        certify("scheduler", "system:kube-scheduler")
        certify("proxy", "system:kube-proxy")
        certify("kubelet", f"system:node:{NODE}", "system:nodes",
                (f"IP:{ADDRESS}", f"DNS:{NODE}"))

    def _kubeconfig(self, user):
        path = self.authority.path
        return _write(f"{HOME}/{user}.kubeconfig", {
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {
                "server": f"https://{ADDRESS}:{API_PORT}",
                "certificate-authority": path("ca.crt")}}],
            "users": [{"name": user, "user": {"client-certificate": path(f"{user}.crt"),
                                              "client-key": path(f"{user}.key")}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": user}}]})

    # The API server can be stopped and started by tests.

    def start_api(self):
        path = self.authority.path
        self._run("kube-apiserver", "--etcd-servers=http://127.0.0.1:2379",
                  f"--advertise-address={ADDRESS}", f"--secure-port={API_PORT}",
                  f"--service-cluster-ip-range={SERVICES}", "--authorization-mode=Node,RBAC",
                  "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
                  f"--client-ca-file={path('ca.crt')}", f"--tls-cert-file={path('api.crt')}",
                  f"--tls-private-key-file={path('api.key')}",
                  f"--min-request-timeout={WATCH_S}",
                  "--service-account-issuer=https://kubernetes.default.svc",
                  f"--service-account-key-file={path('service-accounts.key')}",
                  f"--service-account-signing-key-file={path('service-accounts.key')}",
                  f"--kubelet-client-certificate={path('admin.crt')}",
                  f"--kubelet-client-key={path('admin.key')}")
        self._until(self.api.is_ready, "the API server ready")

    def stop_api(self):
        """At once, as if its machine were gone."""
        self._processes.pop("kube-apiserver").close()

    def _start_controllers(self):
        path = self.authority.path
        common = ("--leader-elect=false", "--bind-address=127.0.0.1")
        self._run("kube-controller-manager", f"--kubeconfig={self._kubeconfig('controllers')}",
                  "--use-service-account-credentials=true", f"--root-ca-file={path('ca.crt')}",
                  f"--service-account-private-key-file={path('service-accounts.key')}", *common)
        self._run("kube-scheduler", f"--kubeconfig={self._kubeconfig('scheduler')}", *common)

    def _start_proxy(self):
        """What makes Services of addresses, by rules of nftables in the node's namespace."""
        config = _write(f"{HOME}/proxy.yaml", {
            "kind": "KubeProxyConfiguration", "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "mode": "nftables", "hostnameOverride": NODE, "clusterCIDR": PODS,
            "clientConnection": {"kubeconfig": self._kubeconfig("proxy")},
            "bindAddress": ADDRESS, "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            # Of the whole machine, and no matter of a namespace.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s",
                          "tcpCloseWaitTimeout": "0s"}})
        self._run("kube-proxy", f"--config={config}")

    def _start_containerd(self):
        _write(f"{HOME}/cni/10-pods.conflist", json.dumps(NETWORK))
        config = _write(f"{HOME}/containerd.toml", CONTAINERD_CONFIG)
        self._run("containerd", "--config", config, path="containerd")
        self._until(lambda: self._containerd_is_ready(), "containerd")
        for archive in images.write(HOME):
            self.ctr("images", "import", archive)
            os.unlink(archive)

    def _containerd_is_ready(self):
        return subprocess.run(["ctr", "--address", CONTAINERD, "version"],
                              capture_output=True).returncode == 0

    def ctr(self, *arguments):
        """Runs ctr on the containers of Kubernetes; what it says."""
        argv = ["ctr", "--address", CONTAINERD, "--namespace", "k8s.io", *arguments]
        result = subprocess.run(argv, capture_output=True, text=True)
        if result.returncode:
            raise LabError(f"{' '.join(argv)}: {result.stderr.strip()}")
        return result.stdout

    def _start_kubelet(self, signed=False):
        """With a certificate that the cluster's authority has signed, or with one of its own."""
        os.makedirs(STATIC_PODS, exist_ok=True)
        path = self.authority.path
        serving = {"tlsCertFile": path("kubelet.crt"),
                   "tlsPrivateKeyFile": path("kubelet.key")} if signed else {}
        config = _write(f"{HOME}/kubelet.yaml", {
            "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": path("ca.crt")}},
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{self.cgroup}",
            "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
            "staticPodPath": STATIC_PODS, "fileCheckFrequency": "1s", "syncFrequency": "5s",
            "failSwapOn": False, "makeIPTablesUtilChains": False, "oomScoreAdj": 0,
            # A full disk of the machine is no matter of these tests.
            "evictionHard": {"memory.available": "0%", "nodefs.available": "0%",
                             "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
            "imageGCHighThresholdPercent": 100, "localStorageCapacityIsolation": False,
            "resolvConf": "", **serving})
        self._run("kubelet", f"--config={config}", f"--kubeconfig={self._kubeconfig('kubelet')}",
                  f"--hostname-override={NODE}", f"--node-ip={ADDRESS}")
        self._until(lambda: accepts(ADDRESS, KUBELET_PORT), "the kubelet")

    def restart_kubelet(self, signed):
        """Pods go on meanwhile."""
        self._processes.pop("kubelet").close()
        self._start_kubelet(signed)

    def _node_is_ready(self):
        if self.api.is_gone("Node", NODE):
            return False
        conditions = self.api.get("Node", NODE)["status"].get("conditions", ())
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
