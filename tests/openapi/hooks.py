"""What schemathesis cannot know from the document: the names that are there, and what JSON Schema cannot say."""

import json
import re

import schemathesis
from schemathesis.core.parameters import ParameterLocation

MODEL = "gpt-4o-mini"
PROVIDERS = ["openai", "azure"]
EXPLAIN = "/v1/route:explain"
SEQUENCE, FORCE, TIMEOUT = "x-opengateway-failover-sequence", "x-gateway-force-provider", "x-opengateway-timeout"
VLLM = "x-opengateway-vllm-endpoint"
VLLM_URLS = ["http://10.9.8.7:8000", "http://10.9.8.7:8000/v1"]
LONG = "60s"
TIME = r"(?=.*[1-9])([0-9]{1,15}(ms)?|[0-9]{1,12}(\.[0-9]+)?[smh])"
INLINE = {"logit_bias": {"1": 1}, "response_format": {"type": "text"}, "stream_options": {}}


def mend(body, properties):
    """Changes a body that the document allows into one that the gateway carries out."""
    for name, value in INLINE.items():
        if isinstance(body.get(name), str):
            body[name] = json.dumps(value)
    for message in body["messages"]:
        if isinstance(message.get("tool_calls"), str):
            message["tool_calls"] = "[]"
    if body.get("stream_options") is not None:
        body["stream"] = True
    if body.get("top_logprobs") is not None:
        body["logprobs"] = True
    if "audio" in (body.get("modalities") or []) and body.get("audio") is None:
        body["audio"] = {"voice": "alloy", "format": "wav"}
    body.pop("ollm::deny_unknown_fields", None)
    body.pop("ollm::include_raw_usage", None)
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("budget_tokens"):
        body.pop("max_tokens", None)
        body.pop("max_completion_tokens", None)
    body.pop("ollm::variant_name", None)  # names something of the configuration
    drop(body, properties)
    if isinstance(body.get("orq"), dict):
        mend_orq(body["orq"], properties["orq"]["properties"])


def mend_orq(orq, properties):
    drop(orq, properties)
    for name in ("contact", "identity"):  # its bytes are bounded as a whole, which no schema can say
        contact = orq.get(name)
        if isinstance(contact, dict) and contact.get("metadata"):
            contact["metadata"] = [{"kept": 1}]
    balancer = orq.get("load_balancer")
    weighted = balancer.get("models") if isinstance(balancer, dict) else balancer
    for named in [*(orq.get("fallbacks") or []), *(weighted or [])]:
        named["model"] = MODEL


def drop(members, properties):
    """Takes out what the document says is not supported by this version."""
    for name, schema in properties.items():
        if isinstance(members, dict) and schema.get("x-sluice-unsupported"):
            members.pop(name, None)


def given(case):
    """The properties of the body's schema."""
    schemas = case.operation.schema.raw_schema["components"]["schemas"]
    name = "OrqChatRequest" if "/v2/" in case.path or case.path == EXPLAIN else "ChatRequest"
    return schemas[name]["properties"]


def is_valid(case, location):
    """Whether a part of the request was made to be what the document says."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode.is_positive


def mend_headers(headers):
    """A sequence without the forced provider leaves nothing to try."""
    sequence = json.loads(headers.get(SEQUENCE, "[]"))
    if sequence and headers.get(FORCE, sequence[0]) not in sequence:
        del headers[SEQUENCE]


def unhurried(case):
    """Leaves a provider the time to answer: a limit may be a millisecond. An explanation takes any."""
    if case.path == EXPLAIN:
        return
    if re.fullmatch(TIME, str((case.headers or {}).get(TIMEOUT, ""))):
        case.headers[TIMEOUT] = LONG
    orq = case.body.get("orq")
    timeout = orq.get("timeout") if isinstance(orq, dict) else None
    if isinstance(timeout, dict) and is_valid(case, ParameterLocation.BODY):
        timeout["call_timeout"] = 60_000


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Takes the dependencies between fields out, which the generator cannot follow: `mend` keeps them.
    Puts in the names that the headers take here."""
    components = raw_schema["components"]
    for name in ("ChatRequest", "OrqChatRequest"):
        components["schemas"][name].pop("allOf")
    parameters = components["parameters"]
    sequence = parameters["FailoverSequence"]["content"]["application/json"]["schema"]
    sequence["items"]["enum"] = PROVIDERS
    parameters["ForceProvider"]["schema"]["enum"] = PROVIDERS
    parameters["VllmEndpoint"]["schema"]["enum"] = VLLM_URLS
    parameters["ForceModel"]["schema"]["enum"] = [MODEL, "gpt-4o", "fast"]


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method.upper() != "POST" or not isinstance(case.body, dict):
        return
    if isinstance(case.body.get("model"), str) and case.body["model"]:
        case.body["model"] = MODEL
    if is_valid(case, ParameterLocation.BODY):
        mend(case.body, given(case))
    if is_valid(case, ParameterLocation.HEADER):
        mend_headers(case.headers or {})
    if case.path != EXPLAIN and is_valid(case, ParameterLocation.HEADER):
        (case.headers or {}).pop(VLLM, None)  # nobody is there
    unhurried(case)
