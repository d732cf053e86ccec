"""Tools: plain and in the deltas of a stream, and the answer to a call."""

import json

from conftest import MESSAGES, MODEL

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}

CALLS = [
    {"id": "call_1", "name": "get_weather", "arguments": ['{"ci', 'ty": ', '"Graz"}']},
    {"id": "call_2", "name": "get_weather", "arguments": ['{"city": "Wien"}']},
]


def test_plain(client, provider):
    provider.does(chat={"deltas": [], "tool_calls": CALLS})
    answer = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, tools=[WEATHER], tool_choice="auto"
    )
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    cities = [json.loads(call.function.arguments)["city"] for call in choice.message.tool_calls]
    assert cities == ["Graz", "Wien"]
    assert [call.id for call in choice.message.tool_calls] == ["call_1", "call_2"]
    assert provider.last()["tools"] == [WEATHER]
    assert provider.last()["tool_choice"] == "auto"


def test_streamed(client, provider):
    provider.does(chat={"deltas": [], "tool_calls": CALLS})
    stream = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, tools=[WEATHER], stream=True
    )
    names, arguments, reason = {}, {}, None
    for chunk in stream:
        choice = chunk.choices[0]
        reason = choice.finish_reason or reason
        for call in choice.delta.tool_calls or []:
            if call.function.name:
                names[call.index] = (call.id, call.function.name)
            arguments[call.index] = arguments.get(call.index, "") + call.function.arguments
    assert reason == "tool_calls"
    assert names == {0: ("call_1", "get_weather"), 1: ("call_2", "get_weather")}
    assert [json.loads(arguments[i])["city"] for i in (0, 1)] == ["Graz", "Wien"]


def test_the_answer_to_a_call(client, provider):
    first = {"id": "call_1", "type": "function"}
    first["function"] = {"name": "get_weather", "arguments": '{"city": "Graz"}'}
    messages = [
        *MESSAGES,
        {"role": "assistant", "content": None, "tool_calls": [first]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert provider.last()["messages"] == messages
