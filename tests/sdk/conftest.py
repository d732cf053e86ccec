"""The official SDK against a running gateway.

The Rust test `sdk` starts Envoy, the sidecar and two scripted providers and runs these tests with
their addresses in the environment: SLUICE_URL and SLUICE_KEY for the caller, SLUICE_OPENAI and
SLUICE_AZURE for telling the providers what to do.
"""

import json
import os
import urllib.request

import openai
import pytest

MODEL = "gpt-4o-mini"
MESSAGES = [{"role": "user", "content": "Say hello."}]


class Provider:
    """A scripted provider: see `tests/src/provider/control.rs`."""

    def __init__(self, url):
        self.url = url

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_control/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def does(self, **turn):
        """`chat={…}` or `answer={…}`, for every request from now on."""
        self._call("PUT", "script", {"default": turn})

    def says(self, *deltas, **more):
        self.does(chat={"deltas": deltas, "usage": usage(11, 7), **more})

    def fails(self, status, message="scripted failure", headers=(), wait_ms=0):
        error = {"message": message, "type": "scripted", "code": "scripted", "param": None}
        text = json.dumps({"error": error})
        headers = [["content-type", "application/json"], *headers]
        body = [{"text": text}]
        self.does(answer={"status": status, "headers": headers, "body": body, "wait_ms": wait_ms})

    def requests(self):
        return self._call("GET", "requests")

    def last(self):
        return json.loads(self.requests()[-1]["body"])

    def aborted(self):
        return self._call("GET", "aborted")["aborted"]

    def forget(self):
        self._call("DELETE", "requests")


def usage(prompt, completion):
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


@pytest.fixture
def provider():
    """The first provider; the second fails, so that nothing is hidden by a failover."""
    first, second = (Provider(os.environ[name]) for name in ("SLUICE_OPENAI", "SLUICE_AZURE"))
    second.fails(503)
    first.says("Hel", "lo", "!")
    first.forget()
    return first


@pytest.fixture
def settings():
    url, key = os.environ["SLUICE_URL"], os.environ["SLUICE_KEY"]
    return {"base_url": f"{url}/v1", "api_key": key, "max_retries": 0, "timeout": 10}


@pytest.fixture
def client(settings):
    with openai.OpenAI(**settings) as client:
        yield client
