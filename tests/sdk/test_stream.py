"""Streams: deltas, usage, a caller that leaves."""

import time

from conftest import MESSAGES, MODEL, usage


def test_a_stream(client, provider):
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello!"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)
    assert all(chunk.object == "chat.completion.chunk" for chunk in chunks)
    assert provider.last()["stream_options"]["include_usage"] is True


def test_a_stream_with_usage(client, provider):
    options = {"include_usage": True}
    stream = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, stream=True, stream_options=options
    )
    *chunks, last = list(stream)
    assert last.choices == []
    assert last.usage.total_tokens == 18
    assert all(chunk.usage is None for chunk in chunks)


def test_chunks_come_one_by_one(client, provider):
    provider.says("a", "b", "c", "d", gap_ms=60)
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    times = [time.monotonic() for chunk in stream if chunk.choices[0].delta.content]
    assert len(times) == 4
    assert times[-1] - times[0] > 0.1


def test_the_streaming_helper(client, provider):
    with client.chat.completions.stream(model=MODEL, messages=MESSAGES) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert "content.delta" in kinds
    assert final.choices[0].message.content == "Hello!"


def test_a_caller_that_leaves_midway(client, provider):
    provider.says(*["word "] * 200, gap_ms=20)
    before = provider.aborted()
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    limit = time.monotonic() + 5
    while provider.aborted() == before:
        assert time.monotonic() < limit, "the provider's stream goes on"
        time.sleep(0.02)
    # The same client goes on.
    provider.says("still here")
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert answer.choices[0].message.content == "still here"


def test_headers_of_a_stream(client, provider):
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=MESSAGES, stream=True
    )
    assert raw.headers["x-gateway-provider"] == "openai"
    assert raw.headers["content-type"].startswith("text/event-stream")
    text = "".join(chunk.choices[0].delta.content or "" for chunk in raw.parse())
    assert text == "Hello!"


def test_a_usage_with_details(client, provider):
    details = {**usage(1000, 20), "prompt_tokens_details": {"cached_tokens": 400}}
    provider.does(chat={"deltas": ["x"], "usage": details})
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert answer.usage.prompt_tokens_details.cached_tokens == 400
