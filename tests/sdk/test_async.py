"""The asynchronous client, many at once."""

import asyncio

import openai
from conftest import MODEL


def test_fifty_streams_at_once(settings, provider):
    provider.does(chat={"echo": True, "gap_ms": 5})

    async def one(client, i):
        text = " ".join(f"s{i}w{word}" for word in range(20))
        messages = [{"role": "user", "content": text}]
        stream = await client.chat.completions.create(model=MODEL, messages=messages, stream=True)
        said = [chunk.choices[0].delta.content or "" async for chunk in stream]
        assert "".join(said) == text

    async def all_of_them():
        async with openai.AsyncOpenAI(**settings) as client:
            await asyncio.gather(*(one(client, i) for i in range(50)))

    asyncio.run(all_of_them())
    assert len(provider.requests()) == 50


def test_plain_ones_at_once(settings, provider):
    provider.does(chat={"echo": True})

    async def one(client, i):
        messages = [{"role": "user", "content": f"number {i}"}]
        answer = await client.chat.completions.create(model=MODEL, messages=messages)
        assert answer.choices[0].message.content == f"number {i}"

    async def all_of_them():
        async with openai.AsyncOpenAI(**settings) as client:
            await asyncio.gather(*(one(client, i) for i in range(50)))

    asyncio.run(all_of_them())
