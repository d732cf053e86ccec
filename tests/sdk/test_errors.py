"""Errors become the SDK's own exceptions."""

import json

import openai
import pytest
from conftest import MESSAGES, MODEL

KINDS = {"message", "type", "code", "param"}


def refused(client, kind, **request):
    with pytest.raises(kind) as caught:
        client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, **request})
    error = caught.value
    assert type(error) is kind
    assert KINDS <= set(error.body), error.body
    assert error.code == error.body["code"]
    assert error.response.headers["x-gateway-request-id"]
    return error


def test_a_bad_request(client, provider):
    error = refused(client, openai.BadRequestError, n=3)
    assert (error.status_code, error.code, error.param) == (400, "unsupported_value", "n")
    assert error.type == "invalid_request_error"
    error = refused(client, openai.BadRequestError, stop="END")
    assert (error.code, error.param) == ("invalid_type", "stop")
    error = refused(client, openai.BadRequestError, messages=[])
    assert error.param == "messages"
    assert error.body["details"][0]["pointer"] == "/messages"
    error = refused(client, openai.BadRequestError, messages=[{"content": "hi"}])
    assert error.param == "messages[0].role"
    assert not provider.requests()


def test_a_wrong_key(settings, provider):
    for key in ("sk-ollm-caller-wrong", "sk-proj-something", "x"):
        with openai.OpenAI(**{**settings, "api_key": key}) as client:
            error = refused(client, openai.AuthenticationError)
        assert (error.status_code, error.type) == (401, "authentication_error")
        assert error.code == "invalid_api_key"
    assert not provider.requests()


def test_an_unknown_model(client, provider):
    error = refused(client, openai.NotFoundError, model="gpt-4o-mni")
    assert (error.status_code, error.code, error.param) == (404, "model_not_found", "model")
    assert MODEL in error.message
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nix")


def test_an_unknown_route(client, provider):
    with pytest.raises(openai.NotFoundError) as caught:
        client.completions.create(model=MODEL, prompt="x")
    assert caught.value.code


def test_a_rate_limit(client, provider):
    provider.fails(429)
    extra = {"x-opengateway-failover-sequence": '["openai"]'}
    error = refused(client, openai.RateLimitError, extra_headers=extra)
    assert (error.status_code, error.type) == (429, "rate_limit_error")
    assert error.code == "all_attempts_failed"
    assert error.body["attempts"][0]["provider"] == "openai"
    assert error.body["attempts"][0]["status"] == 429


def test_no_provider_answers(client, provider):
    provider.fails(500)
    error = refused(client, openai.InternalServerError)
    assert error.status_code == 503
    assert [own["provider"] for own in error.body["attempts"]] == ["openai", "azure"]
    error = refused(client, openai.InternalServerError, stream=True)
    assert error.status_code == 503


def test_what_the_provider_refuses(client, provider):
    provider.fails(400, message="this schema is not supported")
    error = refused(client, openai.BadRequestError)
    assert "this schema is not supported" in error.message
    provider.fails(422, message="cannot do that")
    error = refused(client, openai.UnprocessableEntityError)
    assert "cannot do that" in error.message


def test_a_callers_own_timeout(settings, provider):
    provider.says("late", wait_ms=5000)
    with openai.OpenAI(**{**settings, "timeout": 0.3}) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model=MODEL, messages=MESSAGES)


def test_an_error_in_the_middle_of_a_stream(client, provider):
    choice = {"index": 0, "delta": {"content": "half"}, "finish_reason": None}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    text = json.dumps({**chunk, "choices": [choice]})
    headers = [["content-type", "text/event-stream"]]
    body = [{"text": f"data: {text}\n\n"}]
    provider.does(answer={"headers": headers, "body": body, "sized": False})
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    said = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in stream:
            said.append(chunk.choices[0].delta.content)
    assert said == ["half"]
    assert caught.value.code == "upstream_truncated"


def test_the_sdks_own_retries(settings, provider):
    """429 and 5xx are tried again by the SDK; 400 is not."""
    provider.fails(429, headers=[["retry-after-ms", "1"]])
    with openai.OpenAI(**{**settings, "max_retries": 1}) as client:
        refused(client, openai.InternalServerError)
        assert len(provider.requests()) == 2
        provider.forget()
        provider.fails(400)
        refused(client, openai.BadRequestError)
        assert len(provider.requests()) == 1
