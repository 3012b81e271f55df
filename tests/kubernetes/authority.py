# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cluster's certificate authority and those whom it certifies."""

import os
import subprocess

DAYS = "2"


def _openssl(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def _key(directory, name):
    _openssl(directory, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
             f"{name}.key")


class Authority:
    """Files NAME.crt and NAME.key below a directory; ca.crt is its own certificate."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory)
        _key(directory, "ca")
        _openssl(directory, "req", "-x509", "-new", "-key", "ca.key", "-out", "ca.crt", "-days",
                 DAYS, "-subj", "/CN=kubernetes-ca")
        _key(directory, "service-accounts")

    def path(self, file):
        return os.path.join(self.directory, file)

    def certify(self, name, user, group="", addresses=()):
        """For a client's user and group (O), or a server of these names (DNS:... or IP:...)."""
        subject = f"/O={group}/CN={user}" if group else f"/CN={user}"
        _key(self.directory, name)
        _openssl(self.directory, "req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr",
                 "-subj", subject)
        with open(self.path(f"{name}.ext"), "w") as file:
            file.write("extendedKeyUsage=clientAuth,serverAuth\n")
            if addresses:
                file.write(f"subjectAltName={','.join(addresses)}\n")
        _openssl(self.directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey",
                 "ca.key", "-CAcreateserial", "-out", f"{name}.crt", "-days", DAYS, "-extfile",
                 f"{name}.ext")
