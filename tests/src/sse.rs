//! Server-sent events as a caller reads them.

/// The `data` of every event of a stream, in order; comments are left out.
#[must_use]
pub fn events(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).expect("a stream is UTF-8");
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let blocks = text.split("\n\n");
    blocks.filter_map(data).collect()
}

/// Every event but `[DONE]`, as JSON.
#[must_use]
pub fn chunks(bytes: &[u8]) -> Vec<serde_json::Value> {
    let events = events(bytes);
    let chunks = events.iter().filter(|data| *data != "[DONE]");
    chunks
        .map(|data| serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}")))
        .collect()
}

/// The text that the deltas of a stream add up to.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let chunks = chunks(bytes);
    let deltas = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["delta"]["content"]);
    deltas.filter_map(serde_json::Value::as_str).collect()
}

fn data(block: &str) -> Option<String> {
    let lines: Vec<_> = block
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|rest| rest.strip_prefix(' ').unwrap_or(rest))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_whatever_ends_their_lines() {
        let lf =
            b": ping\n\ndata: {\"a\":1}\n\nevent: x\ndata:two\ndata: three\n\ndata: [DONE]\n\n";
        let text = String::from_utf8(lf.to_vec()).unwrap();
        for line_end in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', line_end);
            assert_eq!(
                events(text.as_bytes()),
                [r#"{"a":1}"#, "two\nthree", "[DONE]"]
            );
        }
    }
}
