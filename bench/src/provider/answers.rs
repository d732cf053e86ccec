//! What the provider says, ready to be sent.

/// The text of an answer.
const TEXT: &str = "Measure each stage first. Sorting in the database is cheaper than sorting in the job, because the \
    rows are in an index already; a cursor hands them over in batches, and memory stays the same whatever the number \
    of customers. Only then look at the files: one per customer is fine at this size, as long as few are open at once.";

/// What stands in every chunk before its choices.
const CHUNK: &str = r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1760000000,"model":"llama-3.3-70b-versatile","system_fingerprint":"fp_10c08bf97d","#;

const USAGE: &str = r#""usage":{"prompt_tokens":25,"completion_tokens":200,"total_tokens":225}"#;

/// Whole messages; a stream is one a chunk.
pub(crate) struct Answers {
    pub(crate) plain: Vec<u8>,
    pub(crate) failure: Vec<u8>,
    pub(crate) stream: Vec<Vec<u8>>,
}

impl Answers {
    /// A stream has so many chunks with text in them; its end comes with the usage in two more.
    pub(crate) fn new(chunks: usize) -> Self {
        let answer = CHUNK.replace(".chunk", "")
            + r#""choices":[{"index":0,"message":{"role":"assistant","content":""#
            + TEXT
            + r#""},"logprobs":null,"finish_reason":"stop"}],"#
            + USAGE
            + "}";
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
            transfer-encoding: chunked\r\n\r\n";
        let mut stream = vec![head.as_bytes().to_vec()];
        for i in 0..chunks {
            stream.push(event(&format!(
                r#"{CHUNK}"choices":[{{"index":0,"delta":{{"content":" token{i}"}},"logprobs":null,"finish_reason":null}}]}}"#
            )));
        }
        stream.push(event(&format!(
            r#"{CHUNK}"choices":[{{"index":0,"delta":{{}},"logprobs":null,"finish_reason":"stop"}}],{USAGE}}}"#
        )));
        let mut end = event("[DONE]");
        end.extend_from_slice(b"0\r\n\r\n");
        stream.push(end);
        Self {
            plain: plain("200 OK", &answer),
            failure: plain(
                "500 Internal Server Error",
                r#"{"error":{"message":"The server had an error.","type":"server_error","code":null,"param":null}}"#,
            ),
            stream,
        }
    }
}

fn plain(status: &str, body: &str) -> Vec<u8> {
    let len = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A server-sent event in a chunk of HTTP/1.1.
fn event(data: &str) -> Vec<u8> {
    let event = format!("data: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}
