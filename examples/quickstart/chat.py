"""A plain and a streamed completion by the official SDK: target/venv/bin/python examples/quickstart/chat.py [model]"""

import os
import pathlib
import sys

from openai import OpenAI

RUN = pathlib.Path(__file__).resolve().parents[2] / "target/run"
MODEL = sys.argv[1] if len(sys.argv) > 1 else "demo"
ASK = [{"role": "user", "content": "Hello"}]

client = OpenAI(
    base_url=os.environ.get("SLUICE_URL", "http://127.0.0.1:8080/v1"),
    api_key=(RUN / "api-key").read_text().strip(),
)

answer = client.chat.completions.create(model=MODEL, messages=ASK)
print("plain:   ", answer.choices[0].message.content)

print("streamed: ", end="")
with client.chat.completions.create(
    model=MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}
) as stream:
    for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
        elif chunk.usage:
            print(f"\nusage:    {chunk.usage.prompt_tokens} + {chunk.usage.completion_tokens} tokens")
