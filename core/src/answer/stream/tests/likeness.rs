//! Events that are like the one before them are told as if each were read.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Envelopes of events with words at `@`, and what pads them at `%`.
const FORMS: [&str; 6] = [
    r#"data: {"id":"c","choices":[{"delta":{"content":"@"},"finish_reason":null}],"usage":null}"#,
    r#"data: {"id":"c","choices":[{"delta":{"content":"@"}}],"obfuscation":"%"}"#,
    r#"data: {"obfuscation":"%","choices":[{"delta":{"reasoning":"@","content":null}}]}"#,
    "id: 7\ndata: {\"choices\":[{\"delta\":{\"content\":\"@\",\"tool_calls\":[7,8]}}]}",
    r#"data: {"choices":[{"delta":{"content":"a"}},{"delta":{"content":"@","refusal":"no"}}]}"#,
    r#"data: {"choices":[{"delta":{"content":"@"},"finish_reason":"%"}]}"#,
];

const WORDS: [&[u8]; 14] = [
    b" first",
    b"a",
    "gr\u{f6}\u{df}e \u{4e00}".as_bytes(),
    b"",
    b"\\n\\\"quoted\\\"\\u00e9",
    b"a long text that is one of many words, as some providers send them: sixty-four bytes and more",
    b"\\",
    b"\"",
    b"\\x",
    b"\xff",
    b"\x01",
    b"\n\n",
    b"\"},\"error\":{\"message\":\"boom\"},\"x\":{\"y\":\"",
    b"\"}}],\"usage\":{\"prompt_tokens\":3},\"choices\":[{\"delta\":{\"content\":\"a",
];

fn event(form: &str, words: &[u8], padding: &[u8], end: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in form.bytes() {
        match byte {
            b'@' => out.extend_from_slice(words),
            b'%' => out.extend_from_slice(padding),
            byte => out.push(byte),
        }
    }
    [&out, end.as_bytes()].concat()
}

/// What is told of a stream.
fn told_of(stream: &Stream) -> impl PartialEq + std::fmt::Debug + use<> {
    let said = (stream.bytes, stream.chunks, stream.finished);
    (
        said,
        stream.usage,
        stream.truncated,
        stream.alive,
        stream.dropped,
    )
}

/// Both take a chunk; the one as if it had never seen an event.
fn agree(quick: &mut Stream, plain: &mut Stream, chunk: &[u8], end: bool) -> bool {
    plain.likeness = Likeness::default();
    let (a, b) = (quick.push(chunk, end), plain.push(chunk, end));
    let text = String::from_utf8_lossy(chunk);
    assert_eq!(a, b, "{text}");
    assert_eq!(told_of(quick), told_of(plain), "{text}");
    !matches!(a, Step::Fail(_))
}

#[test]
fn an_event_like_the_last_is_told_as_if_it_were_read() {
    for end in ["\n\n", "\r\n\r\n", "\r\r"] {
        for form in FORMS {
            let (mut quick, mut plain) = (told(false), told(false));
            agree(&mut quick, &mut plain, &event(form, b"a", b"b", end), false);
            for (i, words) in WORDS.iter().cycle().take(60).enumerate() {
                let padding = WORDS.get(i / 3 % 4).unwrap();
                let chunk = event(form, words, padding, end);
                if !agree(&mut quick, &mut plain, &chunk, false) {
                    break;
                }
            }
            agree(&mut quick, &mut plain, b"data: [DONE]\n\n", true);
        }
    }
}

#[test]
fn it_is_so_wherever_chunks_end() {
    let events = |form: &str| {
        let words = [0, 1, 2, 0, 3, 5, 1].map(|i| *WORDS.get(i).unwrap());
        let all = words.map(|words| event(form, words, b"xy", "\n\n"));
        all.concat()
    };
    let sent = [events(FORMS[0]), events(FORMS[1]), events(FORMS[0])].concat();
    for len in [1, 3, 17, 80, 81, 82, 83, 200, 1000] {
        let (mut quick, mut plain) = (told(false), told(false));
        for chunk in sent.chunks(len) {
            agree(&mut quick, &mut plain, chunk, false);
        }
        agree(&mut quick, &mut plain, b"", true);
    }
}

#[test]
fn most_events_are_not_read() {
    for form in FORMS.iter().take(3) {
        let (first, second) = (
            event(form, b"a", b"b", "\n\n"),
            event(form, b" more", b"", "\n\n"),
        );
        let mut stream = told(false);
        stream.push(&first, false);
        assert_eq!(stream.likeness.said(&second), Some(5), "{form}");
    }
}
