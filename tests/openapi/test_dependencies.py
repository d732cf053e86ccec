"""What depends on two fields, and times: the document and the gateway say the same (W10, W12, W14, W15, W32, W42)."""

import json
import os
import urllib.error
import urllib.request

import jsonschema_rs
import pytest

AUDIO = {"voice": "alloy", "format": "wav"}
FUNCTION = {"type": "function", "function": {"name": "f"}}
USAGE = {"include_usage": False}

CASES = [
    ({}, True),
    ({"model": None}, False),
    ({"messages": []}, False),
    ({"messages": [{"role": "user"}]}, False),
    ({"messages": [{"role": "user", "content": None}]}, False),
    ({"messages": [{"role": "assistant"}]}, True),
    ({"messages": [{"role": "robot", "content": "x"}]}, False),
    ({"stream_options": {}}, False),
    ({"stream_options": {}, "stream": None}, False),
    ({"stream_options": {}, "stream": True}, True),
    ({"stream_options": None}, True),
    ({"top_logprobs": 1}, False),
    ({"top_logprobs": 1, "logprobs": True}, True),
    ({"top_logprobs": None, "logprobs": False}, True),
    ({"modalities": ["text", "audio"]}, False),
    ({"modalities": ["audio"], "audio": None}, False),
    ({"modalities": ["audio"], "audio": AUDIO}, True),
    ({"modalities": ["text"]}, True),
    ({"stop": ["a"] * 4}, True),
    ({"stop": ["a"] * 5}, False),
    ({"n": 1.0}, True),
    ({"n": 2}, False),
    ({"tools": [FUNCTION]}, True),
    ({"tools": [{"type": "function"}]}, False),
    ({"tool_choice": {"type": "function"}}, False),
    ({"response_format": {"type": "json_schema"}}, False),
    ({"ollm::tags": {"a": "b"}}, True),
    ({"ollm::tags": {"ollm::a": "b"}}, False),
    ({"unknown": 1}, True),
    ({"unknown": 1, "ollm::deny_unknown_fields": False}, True),
    ({"unknown": 1, "ollm::deny_unknown_fields": True}, False),
    ({"ollm::include_raw_usage": True, "stream": True, "stream_options": USAGE}, False),
    ({"ollm::include_raw_usage": True, "stream": True, "stream_options": {}}, True),
]

# Times that `x-opengateway-timeout` takes (W32).
TIMES = ["1", "007", "500ms", "30s", "1.5s", "0.001s", "1m", "0.25m", "2h", "9" * 19, "9" * 12 + ".999h"]
NO_TIMES = ["", "0", "0s", "0.000m", "-1", "+1s", ".5s", "1.s", "1.5", "1.5ms", "1.0001s", "1S", "1d", "1e3", "1 s", "9" * 20]


def call(path, body=None, **more):
    data = None if body is None else json.dumps(body).encode()
    headers = {
        "authorization": f"Bearer {os.environ['SLUICE_KEY']}",
        "content-type": "application/json",
        **more,
    }
    request = urllib.request.Request(os.environ["SLUICE_URL"] + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture(scope="module")
def components():
    status, text = call("/openapi.json")
    assert status == 200
    return json.loads(text)["components"]


@pytest.fixture(scope="module")
def request_schema(components):
    return jsonschema_rs.Draft202012Validator(components["schemas"]["ChatRequest"])


@pytest.mark.parametrize("change,allowed", CASES)
def test_the_document_and_the_gateway_agree(request_schema, change, allowed):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], **change}
    assert request_schema.is_valid(body) == allowed
    status, text = call("/v1/chat/completions", body)
    assert status == (200 if allowed else 400), text


@pytest.mark.parametrize("value", TIMES + NO_TIMES)
def test_the_document_and_the_gateway_agree_on_times(components, value):
    allowed = value in TIMES
    schema = jsonschema_rs.Draft202012Validator(components["parameters"]["Timeout"]["schema"])
    assert schema.is_valid(value) == allowed
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}
    status, text = call("/v1/route:explain", body, **{"x-opengateway-timeout": value})
    assert status == (200 if allowed else 400), text
