"""The reference configuration, changed to fit one machine: envoy.yaml in, envoy.yaml out.

An alias in YAML comes out of PyYAML as the very object of its anchor. So the gateway's configuration, the VM's and the
trust store are each edited once, every filter block has the edit, and what is written has anchors again.

As a program it makes what `compose.yaml` mounts: python bootstrap.py --help
"""

import argparse
import hashlib
import ipaddress
import json
import os
import pathlib
import ssl

import yaml

REFERENCE = pathlib.Path(__file__).resolve().parent / "envoy.yaml"
TRUST_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


class Bootstrap:
    """A whole Envoy configuration with the gateway in it."""

    def __init__(self, path=REFERENCE):
        self.document = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
        self.blocks = list(_find(self.document, "root_id"))
        gateway = [block["configuration"] for block in self.blocks if block["root_id"] == "gateway"]
        if len(gateway) != 1 or any(block["configuration"] is not gateway[0] for block in self.blocks):
            raise ValueError(f"{path}: every filter block must have the one gateway configuration, as an alias of it")
        self._configuration = gateway[0]
        self._is_text = isinstance(gateway[0]["value"], str)  # a StringValue holds JSON, a Struct the members
        self.gateway = json.loads(gateway[0]["value"]) if self._is_text else gateway[0]["value"]

    # --- what stands in it

    def credentials(self):
        """The environment variable that holds the key of a provider: {provider: variable}."""
        found = {name: provider.get("auth", {}).get("env") for name, provider in self.gateway["providers"].items()}
        return {name: variable for name, variable in found.items() if variable}

    def first_model_of(self, providers):
        """The first model of the catalogue that one of these providers has."""
        for name, model in self.gateway["models"].items():
            if any(candidate["provider"] in providers for candidate in model["providers"]):
                return name
        return None

    # --- changes

    def listen(self, port):
        """The gateway's port."""
        self.document["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = port

    def admin(self, port):
        """The port of Envoy's admin page."""
        self.document["admin"]["address"]["socket_address"]["port_value"] = port

    def module(self, path):
        """Where Envoy finds the Wasm module."""
        for block in self.blocks:
            block["vm_config"]["code"]["local"]["filename"] = str(path)

    def trust(self, path):
        """The certificates that vouch for providers."""
        for context in _find(self.document, "trusted_ca"):
            context["trusted_ca"]["filename"] = str(path)

    def point(self, name, host, port):
        """Sends a cluster's traffic to one endpoint, found by DNS unless it is an address."""
        cluster = next(c for c in self.document["static_resources"]["clusters"] if c["name"] == name)
        address = {"socket_address": {"address": host, "port_value": port}}
        cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
        if _is_address(host):
            cluster["type"] = "STATIC"
        else:
            cluster.update(type="STRICT_DNS", dns_lookup_family="V4_PREFERRED", wait_for_warm_on_init=False)

    def add_key(self, key):
        """Lets a caller in. Only the digest of the key's secret is written."""
        _, _, public_id, secret = key.split("-", 3)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        self.gateway["auth"]["keys"].append({"id": public_id, "sha256": digest})

    def add_model(self, name, model):
        """Adds to the catalogue; a model that is there stays as it is."""
        self.gateway["models"].setdefault(name, model)

    def write(self, path):
        """Writes the document; it holds no secret."""
        self._configuration["value"] = json.dumps(self.gateway, indent=1) if self._is_text else self.gateway
        text = yaml.safe_dump(self.document, sort_keys=False, width=120, allow_unicode=True)
        pathlib.Path(path).write_text(
            f"# Written from {REFERENCE.name} at each start: change that one.\n{text}", encoding="utf-8"
        )


def trust_store():
    """The system's certificates, wherever this system keeps them."""
    for path in (*TRUST_STORES, ssl.get_default_verify_paths().cafile):
        if path and os.path.exists(path):
            return path
    raise FileNotFoundError("no trust store found: install the package ca-certificates")


def _find(node, key):
    """Every mapping below `node` that has `key`; one that aliases share comes once a use."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and key in node:
        yield node
    for child in children:
        yield from _find(child, key)


def _is_address(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def main():
    """Writes the configuration that `compose.yaml` mounts."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--module", required=True, help="path of the Wasm module, as Envoy sees it")
    parser.add_argument("--key", required=True, help="a caller's key; only its digest is written")
    parser.add_argument("--point", nargs=2, action="append", default=[], metavar=("CLUSTER", "HOST:PORT"))
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    bootstrap = Bootstrap()
    bootstrap.module(arguments.module)
    bootstrap.add_key(arguments.key)
    for cluster, endpoint in arguments.point:
        host, _, port = endpoint.rpartition(":")
        bootstrap.point(cluster, host, int(port))
    bootstrap.write(arguments.out)


if __name__ == "__main__":
    main()
