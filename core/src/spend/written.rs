//! A record as JSON. To serde each name and each value is a call; here a name with its marks is a constant.

use serde::Serialize;
use serde_json::{Result, to_writer};

use super::{Attempt, Record, Usage};
use crate::json::{write_plain, write_text};

/// Room for a usual record.
const ROOM: usize = 1024;

/// Writes an object of those members that have a value.
macro_rules! object {
    ($out:ident: $($name:literal => $value:expr),+ $(,)?) => {{
        let at = $out.len();
        $(if let Some(value) = $value {
            $out.extend_from_slice(concat!(",\"", $name, "\":").as_bytes());
            value.write($out)?;
        })+
        close($out, at, [b'{', b'}']);
    }};
}

/// Ends a list that began at `at`, each item with a comma before it.
fn close(out: &mut Vec<u8>, at: usize, [open, close]: [u8; 2]) {
    match out.get_mut(at) {
        Some(first) => *first = open,
        None => out.push(open),
    }
    out.push(close);
}

/// What a member may hold.
trait Json {
    fn write(&self, out: &mut Vec<u8>) -> Result<()>;
}

/// A word that stands in a string as it is.
struct Word(&'static str);

/// What few records have.
struct Rare<'a, T>(&'a T);

impl<T: AsRef<str> + Ord + Serialize> Record<T> {
    /// Writes its JSON, as `Serialize` has it but without what is not (`stream`, `cache_hit`), behind what `out` has.
    ///
    /// # Errors
    ///
    /// Those of serde_json.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        // By name, so that none is forgotten.
        let Self {
            id,
            request_id,
            key_id,
            tags,
            project,
            contact,
            thread,
            name,
            metadata,
            episode,
            selector,
            model,
            variant,
            provider,
            request_model,
            response_model,
            attempts,
            status,
            end,
            usage,
            usage_source,
            started_ms,
            first_token_ms,
            duration_ms,
            stream,
            cache_hit,
            user_agent,
            dialect,
        } = self;
        let yes = |own: &bool| own.then_some(Rare(&true));
        out.reserve(ROOM);
        object! { out:
            "id" => Some(id),
            "request_id" => request_id.as_ref(),
            "key_id" => key_id.as_ref(),
            "tags" => Some(Rare(tags)).filter(|own| !own.0.is_empty()),
            "project" => project.as_ref(),
            "contact" => contact.as_ref().map(Rare),
            "thread" => thread.as_ref().map(Rare),
            "name" => name.as_ref(),
            "metadata" => Some(Rare(metadata)).filter(|own| !own.0.is_empty()),
            "episode" => episode.as_ref(),
            "selector" => Some(selector),
            "model" => Some(model),
            "variant" => variant.as_ref(),
            "provider" => provider.as_ref(),
            "request_model" => request_model.as_ref(),
            "response_model" => response_model.as_ref(),
            "attempts" => Some(attempts.as_slice()),
            "status" => Some(u64::from(*status)),
            "end" => Some(Word(end.as_str())),
            "usage" => Some(usage),
            "usage_source" => usage_source.map(|own| Word(own.as_str())),
            "started_ms" => Some(*started_ms),
            "first_token_ms" => *first_token_ms,
            "duration_ms" => Some(*duration_ms),
            "stream" => yes(stream),
            "cache_hit" => yes(cache_hit),
            "user_agent" => user_agent.as_ref(),
            "dialect" => Some(dialect),
        }
        Ok(())
    }
}

impl<T: AsRef<str>> Json for [Attempt<T>] {
    fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let at = out.len();
        for own in self {
            out.push(b',');
            let Attempt {
                provider,
                model,
                status,
                outcome,
                duration_ms,
            } = own;
            object! { out:
                "provider" => Some(provider),
                "model" => Some(model),
                "status" => status.map(u64::from),
                "outcome" => Some(Word(outcome.as_str())),
                "duration_ms" => Some(*duration_ms),
            }
        }
        close(out, at, [b'[', b']']);
        Ok(())
    }
}

impl Json for Usage {
    fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let Self {
            prompt_tokens,
            completion_tokens,
            cached_tokens,
            cache_write_tokens,
            reasoning_tokens,
            audio_input_tokens,
            audio_output_tokens,
        } = self;
        object! { out:
            "prompt_tokens" => *prompt_tokens,
            "completion_tokens" => *completion_tokens,
            "cached_tokens" => *cached_tokens,
            "cache_write_tokens" => *cache_write_tokens,
            "reasoning_tokens" => *reasoning_tokens,
            "audio_input_tokens" => *audio_input_tokens,
            "audio_output_tokens" => *audio_output_tokens,
        }
        Ok(())
    }
}

impl<T: AsRef<str> + ?Sized> Json for &T {
    fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        write_text(out, self.as_ref())
    }
}

impl Json for Word {
    fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        write_plain(out, self.0);
        Ok(())
    }
}

impl Json for u64 {
    fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
        Ok(())
    }
}

impl<T: Serialize> Json for Rare<'_, T> {
    fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        to_writer(out, self.0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::super::{EndReason, Outcome, UsageSource};
    use super::*;

    /// Holds a record to serde's words, and to itself when it is read.
    fn is_as_serde_has_it(record: &Record) {
        let mut out = b"before".to_vec();
        record.write(&mut out).unwrap();
        let written = std::str::from_utf8(&out).unwrap().strip_prefix("before");
        let no = [",\"stream\":false", ",\"cache_hit\":false"];
        let serdes = serde_json::to_string(record).unwrap();
        let serdes = no.iter().fold(serdes, |text, no| text.replace(no, ""));
        assert_eq!(written, Some(&*serdes));
        let read: Record = serde_json::from_str(&serdes).unwrap();
        assert_eq!(&read, record);
    }

    #[test]
    fn w50_a_record_is_written_as_serde_does() {
        let text = "more than sixteen bytes, \"quoted\"\n";
        let whole = json!({
            "id": "a", "request_id": text, "key_id": "", "tags": {"a": text, "b": ""}, "project": "p",
            "contact": {"id": "c", "display_name": text, "metadata": [{"a": 1.5}, null]},
            "thread": {"id": "t", "tags": ["a", text]}, "name": "é", "metadata": {text: "x"},
            "episode": "e", "selector": text, "model": "m", "variant": "v", "provider": "p",
            "request_model": "r", "response_model": text,
            "attempts": [
                {"provider": "p", "model": text, "outcome": "timeout", "duration_ms": 1},
                {"provider": "", "model": "m", "status": 200, "outcome": "answered", "duration_ms": u64::MAX},
            ],
            "status": 200, "end": "complete", "usage_source": "provider_partial", "started_ms": 1,
            "usage": {
                "prompt_tokens": 1, "completion_tokens": 0, "cached_tokens": 2, "cache_write_tokens": 3,
                "reasoning_tokens": 4, "audio_input_tokens": 5, "audio_output_tokens": 6,
            },
            "first_token_ms": 0, "duration_ms": 2, "stream": true, "cache_hit": true,
            "user_agent": "curl", "dialect": "orq",
        });
        let record: Record = serde_json::from_value(whole.clone()).unwrap();
        is_as_serde_has_it(&record);
        assert_eq!(serde_json::to_value(&record).unwrap(), whole);
        is_as_serde_has_it(&Record::default());
    }

    #[test]
    fn words_are_those_of_serde() {
        fn is_word<T: Serialize + for<'a> serde::Deserialize<'a>>(
            words: &[&str],
            as_str: fn(T) -> &'static str,
        ) {
            for word in words {
                let own: T = serde_json::from_value(json!(word)).unwrap();
                assert_eq!(as_str(own), *word);
            }
        }
        is_word(
            &[
                "answered",
                "caller_gone",
                "deadline_exceeded",
                "failed",
                "malformed",
                "idle_timeout",
                "in_band_error",
                "status",
                "timeout",
                "truncated",
                "refused",
            ],
            Outcome::as_str,
        );
        is_word(
            &[
                "complete",
                "answer_timeout",
                "caller_gone",
                "deadline_exceeded",
                "failed",
                "first_token_timeout",
                "idle_timeout",
                "refused",
                "truncated",
            ],
            EndReason::as_str,
        );
        is_word(
            &["estimated", "provider", "provider_partial"],
            UsageSource::as_str,
        );
    }
}
