"""What schemathesis cannot know from the document: a model that is there, and what JSON Schema cannot say."""

import json

import schemathesis

MODEL = "gpt-4o-mini"
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
    drop(body.get("orq"), properties["orq"]["properties"])
    for name in ("contact", "identity"):  # its bytes are bounded as a whole, which no schema can say
        contact = body["orq"].get(name) if isinstance(body.get("orq"), dict) else None
        if isinstance(contact, dict) and contact.get("metadata"):
            contact["metadata"] = [{"kept": 1}]


def drop(members, properties):
    """Takes out what the document says is not supported by this version."""
    for name, schema in properties.items():
        if isinstance(members, dict) and schema.get("x-sluice-unsupported"):
            members.pop(name, None)


def given(case):
    """The properties of the body's schema."""
    schemas = case.operation.schema.raw_schema["components"]["schemas"]
    return schemas["OrqChatRequest" if "/v2/" in case.path else "ChatRequest"]["properties"]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Takes the dependencies between fields out, which the generator cannot follow: `mend` keeps them."""
    for name in ("ChatRequest", "OrqChatRequest"):
        raw_schema["components"]["schemas"][name].pop("allOf")


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method.upper() != "POST" or not isinstance(case.body, dict):
        return
    if isinstance(case.body.get("model"), str) and case.body["model"]:
        case.body["model"] = MODEL
    if case.meta is None or case.meta.generation.mode.is_positive:
        mend(case.body, given(case))
        if "x-opengateway-failover-sequence" in (case.headers or {}):
            case.headers["x-opengateway-failover-sequence"] = '["openai"]'
