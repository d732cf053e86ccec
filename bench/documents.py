"""The configurations that are compared. All are made from the reference, so that they differ in the gateway alone."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "envoy"))

from bootstrap import Bootstrap, trust_store  # noqa: E402

FAILING = "openai"  # the provider that always fails; the next one of its model answers
ANSWERING = "groq"
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
TYPES = "type.googleapis.com/"
FAILS_HEADER = "x-bench-fails"  # says the same to a bare Envoy as the model says to a gateway
KEYS = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "GROQ_API_KEY")


class Documents:
    """What is the same for every variant: where providers and the sidecar are, and who may come in."""

    def __init__(self, ports, key, modules, front=None, steady=False, flush_ms=None):
        self.provider, self.failing, self.sidecar = ports
        self.key = key
        self.modules = modules  # {variant: path}
        self.front = front  # (port, certificate) of TLS before the provider, in the setting nearer to production
        self.flush_ms = flush_ms  # how often records are delivered, where that is not as in the reference
        self.steady = steady  # a provider that always fails is always asked: nothing cools down

    def write(self, variant, path, port, admin):
        """Writes the configuration of a variant."""
        bootstrap = self._reference(port, admin)
        if self.delivers(variant):
            self._sluice(bootstrap, self.modules[variant])
        elif variant == "floor":
            self._floor(bootstrap, variant)
        elif variant == "bare":
            _bare(bootstrap)
        elif variant == "prices":
            _bare(bootstrap, keep=True)
            self._floor(bootstrap, variant)
        elif variant == "router":
            _bare(bootstrap)
            _router(bootstrap)
        else:
            raise ValueError(f"no variant {variant}")
        if self.front:
            _observe(bootstrap)
        bootstrap.write(path)

    def delivers(self, variant):
        """Whether it is a build of the gateway, which needs a sidecar."""
        return variant in self.modules and variant not in ("floor", "prices")

    def _reference(self, port, admin):
        bootstrap = Bootstrap()
        bootstrap.listen(port)
        bootstrap.admin(admin)
        bootstrap.trust(self.front[1] if self.front else trust_store())
        bootstrap.point("sidecar", "127.0.0.1", self.sidecar)
        for name in bootstrap.gateway["providers"]:
            cluster = _cluster(bootstrap, name)
            if self.front and name == ANSWERING:
                bootstrap.point(name, "127.0.0.1", self.front[0])
                continue
            bootstrap.point(name, "127.0.0.1", self.failing if name == FAILING else self.provider)
            cluster.pop("transport_socket", None)
            options = cluster["typed_extension_protocol_options"][OPTIONS]
            for choice in ("auto_config", "upstream_http_protocol_options"):
                options.pop(choice, None)
            options["explicit_http_config"] = {"http_protocol_options": {}}
        return bootstrap

    def _sluice(self, bootstrap, module):
        bootstrap.module(module)
        bootstrap.add_key(self.key)
        first, second = bootstrap.gateway["models"]["gpt-4o-mini"]["providers"]
        first["model"], second["model"] = "gpt-4o-mini-2024-07-18", "mini"  # every attempt changes the body
        if self.flush_ms:
            bootstrap.gateway["sidecar"]["flush_interval_ms"] = self.flush_ms
        if self.steady:
            bootstrap.gateway["health"]["enabled"] = False

    def _floor(self, bootstrap, variant):
        bootstrap.module(self.modules[variant])
        for block in bootstrap.blocks:
            block["configuration"] = {"@type": f"{TYPES}google.protobuf.StringValue", "value": ""}


def _cluster(bootstrap, name):
    return next(own for own in bootstrap.document["static_resources"]["clusters"] if own["name"] == name)


def _manager(bootstrap):
    return bootstrap.document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def _bare(bootstrap, keep=False):
    """The same without any Wasm, or with that of the listener alone: the route leads to a cluster that is written there."""
    manager = _manager(bootstrap)
    manager["http_filters"] = [own for own in manager["http_filters"] if keep or own["name"] != "sluice"]
    for cluster in bootstrap.document["static_resources"]["clusters"]:
        cluster.get("typed_extension_protocol_options", {}).get(OPTIONS, {}).pop("http_filters", None)
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    chat = next(own for own in routes if "safe_regex" in own["match"])
    action = {name: value for name, value in chat["route"].items() if name != "inline_cluster_specifier_plugin"}
    chat["route"] = {**action, "cluster": ANSWERING}
    match = {**chat["match"], "headers": [{"name": FAILS_HEADER, "present_match": True}]}
    retry = {**action["retry_policy"], "num_retries": 1}
    fails = {"match": match, "route": {**action, "cluster": FAILING, "retry_policy": retry}}
    routes.insert(routes.index(chat), fails)


def _router(bootstrap):
    """The leanest Envoy that answers: one listener, one route, one cluster."""
    manager = _manager(bootstrap)
    router = next(own for own in manager["http_filters"] if own["name"] == "envoy.filters.http.router")
    route = {"match": {"prefix": "/"}, "route": {"cluster": ANSWERING, "timeout": "0s"}}
    for name in set(manager) - {"@type", "stat_prefix"}:
        del manager[name]
    manager["generate_request_id"] = False
    manager["http_filters"] = [{**router, "typed_config": {"@type": router["typed_config"]["@type"]}}]
    manager["route_config"] = {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]}
    resources = bootstrap.document["static_resources"]
    resources["listeners"] = resources["listeners"][:1]
    resources["clusters"] = [_cluster(bootstrap, ANSWERING)]


def _observe(bootstrap):
    """A line of JSON for every request."""
    words = ("START_TIME", "REQ(:METHOD)", "REQ(:PATH)", "RESPONSE_CODE", "RESPONSE_FLAGS", "DURATION", "BYTES_RECEIVED")
    words += ("BYTES_SENT", "REQ(X-REQUEST-ID)", "UPSTREAM_HOST", "UPSTREAM_CLUSTER", "REQ(USER-AGENT)")
    log = {
        "@type": f"{TYPES}envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": "/dev/null",
        "log_format": {"json_format": {word.lower(): f"%{word}%" for word in words}},
    }
    _manager(bootstrap).setdefault("access_log", []).append({"name": "all", "typed_config": log})
