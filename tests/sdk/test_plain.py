"""Plain completions, JSON mode, headers, the catalogue."""

import json
import uuid

from conftest import MESSAGES, MODEL


def test_an_answer(client, provider):
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content == "Hello!"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 7)
    assert provider.last() == {"model": MODEL, "messages": MESSAGES}


def test_the_headers_of_the_gateway(client, provider):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
    assert raw.headers["x-gateway-provider"] == "openai"
    assert raw.headers["x-gateway-model"] == MODEL
    assert raw.headers["x-gateway-attempts"] == "1"
    assert raw.headers["x-gateway-route"].startswith("openai;200;")
    assert uuid.UUID(raw.headers["x-gateway-request-id"]).version == 7
    assert raw.parse().choices[0].message.content == "Hello!"


def test_every_parameter_passes(client, provider):
    given = {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_completion_tokens": 50,
        "stop": ["END"],
        "presence_penalty": 0.1,
        "frequency_penalty": -0.1,
        "logit_bias": {"50256": -100},
        "logprobs": True,
        "top_logprobs": 2,
        "seed": 7,
        "user": "someone",
        "n": 1,
        "service_tier": "auto",
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
    }
    client.chat.completions.create(model=MODEL, messages=MESSAGES, **given)
    assert provider.last() == {"model": MODEL, "messages": MESSAGES, **given}


def test_extra_fields_of_the_gateway(client, provider):
    extra = {"ollm::tags": {"team": "blue"}, "ollm::dryrun": True}
    client.chat.completions.create(model=MODEL, messages=MESSAGES, extra_body=extra)
    assert provider.last() == {"model": MODEL, "messages": MESSAGES}


def test_json_mode(client, provider):
    provider.says('{"city": ', '"Graz"}')
    wanted = {"type": "json_object"}
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, response_format=wanted)
    assert json.loads(answer.choices[0].message.content) == {"city": "Graz"}
    assert provider.last()["response_format"] == wanted


def test_a_json_schema(client, provider):
    provider.says('{"city": "Graz"}')
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, response_format=wanted)
    assert json.loads(answer.choices[0].message.content) == {"city": "Graz"}
    assert provider.last()["response_format"] == wanted


def test_parts_of_content(client, provider):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    parts = [{"type": "text", "text": "What is this? ä€😀"}, image]
    messages = [
        {"role": "system", "content": "You see."},
        {"role": "user", "content": parts, "name": "someone"},
    ]
    client.chat.completions.create(model=MODEL, messages=messages)
    assert provider.last()["messages"] == messages


def test_the_catalogue(client, provider):
    models = client.models.list()
    by_id = {model.id: model for model in models}
    assert by_id[MODEL].object == "model"
    assert by_id[MODEL].owned_by == "openai"
    assert client.models.retrieve(MODEL).id == MODEL
    assert not provider.requests()
