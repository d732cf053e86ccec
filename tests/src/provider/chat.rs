//! A completion, told once and given plain or as a stream, as the request asks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::Answer;

const ID: &str = "chatcmpl-scripted";
const CREATED: u64 = 1_763_683_200;

/// What a model says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chat {
    /// The text, as the deltas of a stream.
    pub deltas: Vec<String>,
    /// Says the caller's last message instead, word by word.
    pub echo: bool,
    /// Tools that it calls.
    pub tool_calls: Vec<ToolCall>,
    /// Why it stopped; `None` gives `stop` or `tool_calls`.
    pub finish_reason: Option<String>,
    /// What it used; `None` is a provider that does not say.
    pub usage: Option<Value>,
    /// The model that it says it is; `None` gives the one that was asked for.
    pub model: Option<String>,
    /// Milliseconds between two chunks of a stream.
    pub gap_ms: u64,
    /// Milliseconds before the headers.
    pub wait_ms: u64,
    /// Headers beside the content type.
    pub headers: Vec<(String, String)>,
}

/// One call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolCall {
    /// Its id.
    pub id: String,
    /// The function's name.
    pub name: String,
    /// The arguments, as the deltas of a stream; together they are JSON.
    pub arguments: Vec<String>,
}

impl Default for Chat {
    fn default() -> Self {
        Self::of(&["Hel", "lo", "!"])
    }
}

impl Chat {
    /// Says this, in these deltas, with a usage of 11 and 7 tokens.
    #[must_use]
    pub fn of(deltas: &[&str]) -> Self {
        Self {
            deltas: deltas.iter().map(|&delta| delta.to_owned()).collect(),
            echo: false,
            tool_calls: Vec::new(),
            finish_reason: None,
            usage: Some(usage(11, 7)),
            model: None,
            gap_ms: 0,
            wait_ms: 0,
            headers: Vec::new(),
        }
    }

    /// Says what it was told.
    #[must_use]
    pub fn echo() -> Self {
        Self {
            echo: true,
            ..Self::of(&[])
        }
    }

    /// Calls a tool instead.
    #[must_use]
    pub fn calls(id: &str, name: &str, arguments: &[&str]) -> Self {
        let call = ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.iter().map(|&part| part.to_owned()).collect(),
        };
        Self {
            tool_calls: vec![call],
            ..Self::of(&[])
        }
    }

    /// Used so many tokens.
    #[must_use]
    pub fn used(mut self, prompt: u64, completion: u64) -> Self {
        self.usage = Some(usage(prompt, completion));
        self
    }

    /// Does not say what it used.
    #[must_use]
    pub fn without_usage(mut self) -> Self {
        self.usage = None;
        self
    }

    /// Says that it is this model.
    #[must_use]
    pub fn model(mut self, name: &str) -> Self {
        self.model = Some(name.to_owned());
        self
    }

    /// Waits between two chunks of a stream.
    #[must_use]
    pub fn gap_ms(mut self, ms: u64) -> Self {
        self.gap_ms = ms;
        self
    }

    /// Waits before the headers.
    #[must_use]
    pub fn wait_ms(mut self, ms: u64) -> Self {
        self.wait_ms = ms;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The answer to a request: a stream if it asks for one, with usage if it asks for it.
    #[must_use]
    pub fn answer(&self, request: &Value) -> Answer {
        if self.echo {
            let told = request["messages"]
                .as_array()
                .and_then(|all| all.last()?["content"].as_str());
            let words = told.unwrap_or_default().split_inclusive(' ');
            let deltas = words.map(str::to_owned).collect();
            let said = Self {
                deltas,
                echo: false,
                ..self.clone()
            };
            return said.answer(request);
        }
        let asked = request["model"].as_str().unwrap_or("unnamed");
        let mut answer = if request["stream"] == true {
            let usage = request["stream_options"]["include_usage"] == true;
            self.stream(asked, usage).gap_ms(self.gap_ms)
        } else {
            self.plain(asked)
        };
        answer.wait_ms = self.wait_ms;
        answer.headers.extend(self.headers.clone());
        answer
    }

    /// The plain answer.
    #[must_use]
    pub fn plain(&self, model: &str) -> Answer {
        let mut message = Map::new();
        message.insert("role".into(), json!("assistant"));
        let text = (!self.deltas.is_empty()).then(|| self.deltas.concat());
        message.insert("content".into(), json!(text));
        if !self.tool_calls.is_empty() {
            let calls = self.tool_calls.iter().map(ToolCall::whole);
            message.insert("tool_calls".into(), calls.collect());
        }
        let mut body = json!({
            "id": ID, "object": "chat.completion", "created": CREATED,
            "model": self.model.as_deref().unwrap_or(model),
            "choices": [{
                "index": 0, "message": message, "logprobs": null, "finish_reason": self.reason(),
            }],
        });
        if let Some(usage) = &self.usage {
            body["usage"] = usage.clone();
        }
        Answer::json(200, &body)
    }

    /// The stream: a role, the deltas, the finish reason, the usage if wanted, `[DONE]`.
    #[must_use]
    pub fn stream(&self, model: &str, include_usage: bool) -> Answer {
        let usage = self.usage.as_ref().filter(|_| include_usage);
        let chunk = |delta: Value, reason: Option<&str>| {
            let mut chunk = self.chunk(model);
            let choice = json!({
                "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason,
            });
            chunk["choices"] = json!([choice]);
            if usage.is_some() {
                chunk["usage"] = Value::Null;
            }
            event(&chunk)
        };
        let mut events = vec![chunk(json!({"role": "assistant", "content": ""}), None)];
        let deltas = self.deltas.iter();
        events.extend(deltas.map(|text| chunk(json!({ "content": text }), None)));
        for (index, call) in self.tool_calls.iter().enumerate() {
            let deltas = call.deltas(index).into_iter();
            events.extend(deltas.map(|delta| chunk(json!({"tool_calls": [delta]}), None)));
        }
        events.push(chunk(json!({}), Some(self.reason())));
        if let Some(usage) = usage {
            let mut last = self.chunk(model);
            last["choices"] = json!([]);
            last["usage"] = usage.clone();
            events.push(event(&last));
        }
        events.push("data: [DONE]\n\n".to_owned());
        Answer::sse(events)
    }

    fn chunk(&self, model: &str) -> Value {
        json!({
            "id": ID, "object": "chat.completion.chunk", "created": CREATED,
            "model": self.model.as_deref().unwrap_or(model),
        })
    }

    fn reason(&self) -> &str {
        let default = if self.tool_calls.is_empty() {
            "stop"
        } else {
            "tool_calls"
        };
        self.finish_reason.as_deref().unwrap_or(default)
    }
}

impl ToolCall {
    fn whole(&self) -> Value {
        let function = json!({"name": self.name, "arguments": self.arguments.concat()});
        json!({"id": self.id, "type": "function", "function": function})
    }

    fn deltas(&self, index: usize) -> Vec<Value> {
        let function = json!({"name": self.name, "arguments": ""});
        let head = json!({"index": index, "id": self.id, "type": "function", "function": function});
        let parts = self.arguments.iter();
        let parts = parts.map(|part| json!({"index": index, "function": {"arguments": part}}));
        std::iter::once(head).chain(parts).collect()
    }
}

/// One event of a stream.
fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

fn usage(prompt: u64, completion: u64) -> Value {
    json!({
        "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse;

    #[test]
    fn the_same_is_said_plain_and_streamed() {
        let chat = Chat::of(&["Grüß ", "Gott"]);
        let plain = chat.answer(&json!({"model": "m"})).bytes();
        let plain: Value = serde_json::from_slice(&plain).unwrap();
        assert_eq!(plain["choices"][0]["message"]["content"], "Grüß Gott");
        assert_eq!(plain["model"], "m");
        let asked =
            json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}});
        let stream = chat.answer(&asked).bytes();
        assert_eq!(sse::text(&stream), "Grüß Gott");
        let chunks = sse::chunks(&stream);
        assert_eq!(chunks.last().unwrap()["usage"]["total_tokens"], 18);
        assert_eq!(chunks.last().unwrap()["choices"], json!([]));
        let stream = chat.answer(&json!({"stream": true})).bytes();
        assert!(!String::from_utf8(stream).unwrap().contains("usage"));
    }

    #[test]
    fn a_call_of_a_tool_is_whole_or_in_parts() {
        let chat = Chat::calls("call_1", "weather", &["{\"city\":", "\"Graz\"}"]);
        let plain: Value = serde_json::from_slice(&chat.plain("m").bytes()).unwrap();
        let call = &plain["choices"][0]["message"]["tool_calls"][0]["function"];
        assert_eq!(call["arguments"], "{\"city\":\"Graz\"}");
        assert_eq!(plain["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(sse::chunks(&chat.stream("m", false).bytes()).len(), 5);
    }
}
