//! Golden files: what a caller sends, what providers receive of it, and what comes back, byte for byte.
//!
//! A file of `tests/golden/` says what it shows, then has its sections in this order:
//!
//! ```text
//! === the caller sends             method and path, headers, an empty line, the body
//! === openai receives              the same; a section for each provider that was asked
//! === the provider answers         status, headers, an empty line, the body; only where one is asked
//! === the caller gets              status, headers, an empty line, the body
//! ```
//!
//! The line feed at a section's end is not the body's. The caller's key is added, headers are sorted,
//! and what differs from run to run stands as `{id 1}`, `{date}`, `{ms}`. `UPDATE_GOLDEN=1` writes what
//! was received and got anew; a new file needs the first and the third section.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use sluice_tests::client::Reply;
use sluice_tests::provider::{Piece, Seen};
use sluice_tests::{Answer, Script, Stack, place};

use crate::expect;

/// Each has a key and gives the answer of the file.
const PROVIDERS: [&str; 4] = ["openai", "azure", "anthropic", "groq"];
const SENDS: &str = "the caller sends";
const ANSWERS: &str = "the provider answers";
const GETS: &str = "the caller gets";

/// A request or an answer.
struct Message {
    /// Method and path, or the status.
    first: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// What a file gives; the rest is found out.
struct Golden {
    about: String,
    request: Message,
    answer: Option<Message>,
}

async fn stack() -> Stack {
    let builder = Stack::builder().steady().config(|doc| {
        doc["aliases"] = json!({
            "fast": "gpt-4o-mini",
            "smart": "ollm::function_name::one",
            "there": "azure/gpt-4o-mini",
        });
        let variants = json!({"only": {"model": "gpt-4o-mini"}});
        doc["functions"]["one"] = json!({ "variants": variants });
    });
    let refuse = || Script::always(Answer::error(500, "not scripted"));
    let add = |builder: sluice_tests::stack::Builder, name| builder.provider(name, refuse());
    PROVIDERS.into_iter().fold(builder, add).start().await
}

fn files() -> Vec<PathBuf> {
    let folder = place::workspace().join("tests/golden");
    let entries = fs::read_dir(folder).expect("the folder of golden files");
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "only {} golden files", files.len());
    files
}

#[tokio::test]
async fn w16_golden_files_hold_byte_for_byte() {
    let stack = stack().await;
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    let cases = files().into_iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, path)
    });
    expect::each(cases, async |name, path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let golden = Golden::parse(&text);
        let found = golden.run(&stack).await;
        if update {
            fs::write(&path, found).unwrap();
        } else {
            assert_same(name, &found, &text);
        }
    })
    .await;
}

#[track_caller]
fn assert_same(name: &str, found: &str, text: &str) {
    let (mut found_lines, mut lines) = (found.split('\n'), text.split('\n'));
    for number in 1.. {
        let (found, line) = (found_lines.next(), lines.next());
        assert_eq!(found, line, "{name}, line {number}");
        if found.is_none() {
            return;
        }
    }
}

impl Golden {
    fn parse(text: &str) -> Self {
        let text = format!("\n{text}");
        let mut parts = text.split("\n=== ");
        let about = parts.next().unwrap_or_default().trim().to_owned();
        let mut sections: Vec<_> = parts
            .map(|part| part.split_once('\n').expect("a section has a title"))
            .collect();
        // The line feed at the end of the file is its last section's.
        if let Some((_, last)) = sections.last_mut() {
            *last = last.strip_suffix('\n').expect("a line feed at the end");
        }
        let mut section = |title: &str| {
            let at = sections.iter().position(|(own, _)| *own == title)?;
            Some(Message::parse(sections.remove(at).1))
        };
        Self {
            about,
            request: section(SENDS).expect("what the caller sends"),
            answer: section(ANSWERS),
        }
    }

    /// Makes the request; gives the whole text of the file as it is now.
    async fn run(&self, stack: &Stack) -> String {
        for name in PROVIDERS {
            let provider = stack.provider(name);
            provider.forget();
            if let Some(answer) = &self.answer {
                provider.script(answer.answer());
            } else {
                provider.script(Answer::error(500, "not scripted"));
            }
        }
        let (method, path) = self.request.first.split_once(' ').expect("method and path");
        let mut call = stack.caller.call(method, path);
        for (name, value) in &self.request.headers {
            call = call.header(name, value);
        }
        let reply = call.body(self.request.body.clone()).send().await;
        let mut text = format!("{}\n", self.about);
        let mut ids = Ids::new(&self.request.body);
        let mut add = |title: &str, message: &Message| {
            text.push_str(&format!("=== {title}\n{}", message.text()));
        };
        add(SENDS, &self.request);
        for name in PROVIDERS {
            for seen in stack.provider(name).requests() {
                add(&format!("{name} receives"), &ids.mask(Message::seen(&seen)));
            }
        }
        if let Some(answer) = &self.answer {
            add(ANSWERS, answer);
        }
        add(GETS, &ids.mask(Message::reply(&reply)));
        text
    }
}

impl Message {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().expect("a first line").to_owned();
        let headers = lines.map(|line| line.split_once(": ").expect("a header"));
        Self {
            first,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    fn seen(seen: &Seen) -> Self {
        let headers = seen.headers.iter();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Self {
            first: format!("{} {}", seen.method, seen.path),
            headers: headers
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            body: text(&seen.body),
        }
    }

    fn reply(reply: &Reply) -> Self {
        let headers = reply.headers.iter();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Self {
            first: reply.status.to_string(),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                .collect(),
            body: reply.text(),
        }
    }

    fn answer(&self) -> Answer {
        let stream = self.body.starts_with("data:");
        Answer {
            status: self.first.parse().expect("a status"),
            headers: self.headers.clone(),
            sized: !stream,
            body: vec![Piece::Text(self.body.clone())],
            ..Answer::default()
        }
    }

    fn text(&self) -> String {
        let headers = self.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let body = if self.body.is_empty() {
            String::new()
        } else {
            format!("\n{}\n", self.body)
        };
        format!("{}\n{headers}{body}", self.first)
    }
}

/// The ids that were made in a run, in the order in which they are met.
struct Ids<'a> {
    given: &'a str,
    made: Vec<String>,
}

impl<'a> Ids<'a> {
    fn new(given: &'a str) -> Self {
        let made = Vec::new();
        Self { given, made }
    }

    /// Sorts the headers, and replaces what differs from run to run.
    fn mask(&mut self, mut message: Message) -> Message {
        message.headers.sort();
        for (name, value) in &mut message.headers {
            *value = match name.as_str() {
                "date" => "{date}".to_owned(),
                "x-gateway-route" => times(value),
                _ => self.ids(value),
            };
        }
        message.body = self.ids(&message.body);
        message
    }

    fn ids(&mut self, text: &str) -> String {
        let mut masked = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let id = rest
                .get(..36)
                .filter(|id| is_uuid(id) && !self.given.contains(id));
            let Some(id) = id else {
                masked.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            if !self.made.iter().any(|own| own == id) {
                self.made.push(id.to_owned());
            }
            let number = self.made.iter().position(|own| own == id).unwrap() + 1;
            masked.push_str(&format!("{{id {number}}}"));
            rest = &rest[36..];
        }
        masked
    }
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    let hex = |c: char| c == '-' || c.is_ascii_hexdigit();
    groups.eq([8, 4, 4, 4, 12]) && text.chars().all(hex)
}

/// `openai;200;12ms` → `openai;200;{ms}`
fn times(route: &str) -> String {
    let attempts = route.split(',').map(|attempt| {
        let (attempt, time) = attempt.rsplit_once(';').expect("a time");
        assert!(time.ends_with("ms"), "{route}");
        format!("{attempt};{{ms}}")
    });
    attempts.collect::<Vec<_>>().join(",")
}
