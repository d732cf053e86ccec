#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const SECRET: &str = "Own+Secret/5d1c==";

fn scrub(text: &str) -> String {
    Private::new(Some(SECRET), "llm.acme-corp.example:8443").scrub(text)
}

/// Each text with what must not be in it any more.
#[track_caller]
fn assert_gone(cases: &[(&str, &[&str])]) {
    for (text, secrets) in cases {
        let got = scrub(text);
        for secret in *secrets {
            assert!(text.contains(secret), "a case of its own: {secret}");
            assert!(!got.contains(secret), "{text}\n{got}");
        }
        assert!(got.contains(GONE), "{got}");
    }
}

#[test]
fn w60_keys_go() {
    assert_gone(&[
        (
            "Incorrect API key provided: sk-proj-AbCd1234efGH. You can find it",
            &["AbCd1234", "sk-proj"],
        ),
        ("sk-ant-api03-aaaa_bbbb-cccc", &["api03", "bbbb"]),
        ("(sk-canary)", &["canary"]),
        ("gsk_canary", &["canary"]),
        ("key=sk-12ab", &["12ab"]),
        ("gsk_0123456789abcdef is revoked", &["gsk_", "0123"]),
        (
            "API key AIzaSyD-0123_abc not valid",
            &["AIza", "SyD-0123_abc"],
        ),
        ("xai-abcdefghij", &["abcdefghij"]),
        ("hf_AbCdEfGhIjKlMnOpQrSt", &["AbCdEf"]),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            &["eyJ", "c2ln"],
        ),
        ("the key abcd********wxyz", &["abcd", "wxyz"]),
        ("sk-...3fa9 is not valid", &["3fa9"]),
        ("Bearer abc.def-ghi", &["abc.def"]),
        ("authorization: bearer   AbCdEfGhIjKl", &["AbCd"]),
        ("invalid bearer token 'tok3n'", &["tok3n"]),
        ("Authorization: Basic dXNlcjpwYXNz", &["dXNl"]),
        ("{'Authorization': 'Bearer abc123'}", &["abc123"]),
        ("api-key: 8f7d2", &["8f7d2"]),
        ("x-api-key=canary", &["canary"]),
        ("x-api-key: canary", &["canary"]),
        ("api key: CANARYkey", &["CANARY"]),
        ("error:api-key:canarykey12", &["canary"]),
        ("Bearer abc:def", &["abc"]),
        ("X-Goog-Api-Key: \"canary\"", &["canary"]),
        ("ocp-apim-subscription-key: 1a2b", &["1a2b"]),
        ("OPENAI_API_KEY=hunter", &["hunter"]),
        ("{\"api_key\":\"hunter\"}", &["hunter"]),
        ("Incorrect API key provided: pa55word.", &["pa55word"]),
        ("password: hunter22", &["hunter22"]),
        ("token: 0a1b2c3d4e5f6a7b8c", &["0a1b"]),
        ("header was Own+Secret/5d1c==, no", &["Own+", "5d1c"]),
        ("xOwn+Secret/5d1c==x", &["Secret"]),
        ("0123456789abcdef0123456789abcdef", &["0123"]),
        ("AKIAIOSFODNN7EXAMPLE", &["AKIA"]),
        ("密钥sk-abcdef0123无效", &["abcdef0123"]),
        ("a\\nsk-abcdef0123", &["abcdef0123"]),
        ("{\\\"key\\\":\\\"sk-abcdef0123\\\"}", &["abcdef0123"]),
        ("s\u{200b}k-abcdef0123", &["abcdef0123"]),
        ("key:sk-abcdef0123/and/more+of=it", &["abcdef0123", "more"]),
    ]);
}

#[test]
fn w60_ids_of_accounts_go() {
    assert_gone(&[
        (
            "Rate limit reached for gpt-4o in organization org-AbCdEf123 on tokens per min",
            &["AbCdEf123"],
        ),
        ("org-canary-7f3a", &["canary"]),
        ("Project `proj_AbC123xyz` does not have access", &["AbC123"]),
        ("in organization Acme on tokens", &["Acme"]),
        ("organization: acme", &["acme"]),
        ("openai-organization: acme", &["acme"]),
        ("{\"organization\": \"acme\"}", &["acme"]),
        ("organization_id=77123", &["77123"]),
        ("used in project 123456789012 before", &["123456789012"]),
        ("project: acme-prod", &["acme-prod"]),
        (
            "`projects/acme-prod/locations/us-central1/publishers/google/models/g` was not found",
            &["acme-prod"],
        ),
        (
            "User: arn:aws:sts::123456789012:assumed-role/llm/i-0 is not authorized",
            &["123456789012", "assumed"],
        ),
        (
            "subscription 2f1c3b5a-0000-4000-8000-000000000000",
            &["2f1c3b5a"],
        ),
        ("tenant id: contoso", &["contoso"]),
        ("account_id: 991", &["991"]),
    ]);
}

#[test]
fn w60_cookies_go_to_the_end_of_their_line() {
    let text = "sent cookie: a=b; c=\"d e\", HttpOnly\nSet-Cookie: x=y; Path=/; z\nand more";
    assert_eq!(
        scrub(text),
        "sent cookie: [redacted] Set-Cookie: [redacted] and more"
    );
    assert_gone(&[
        ("{'set-cookie': 'sid=canary; Path=/'}", &["canary"]),
        ("cookie __cf_bm=canary", &["canary"]),
    ]);
    assert_eq!(scrub("A cookie is needed."), "A cookie is needed.");
}

#[test]
fn w60_urls_hosts_and_addresses_go() {
    assert_gone(&[
        (
            "see https://platform.openai.com/account/api-keys?key=canary#x.",
            &["openai.com", "canary"],
        ),
        ("(http://10.0.0.1:8000/v1)", &["10.0.0.1", "v1"]),
        ("postgres://user:pass@db/llm", &["pass", "db/"]),
        ("see:https://a.b/c", &["a.b"]),
        ("https://user@[fd00::1]:8080/x", &["fd00", "8080"]),
        ("platform.openai.com/docs/guides", &["openai", "docs"]),
        (
            "dial tcp: lookup gpu-17.internal: no such host",
            &["gpu-17"],
        ),
        ("node3.local is away", &["node3"]),
        ("llm.prod.svc.cluster.local", &["prod"]),
        ("llm.prod.svc", &["prod"]),
        ("llm.prod.svc.k8s-east", &["prod"]),
        ("a.rack.example", &["rack"]),
        ("connect to vllm:8000 failed", &["vllm"]),
        ("llm_backend:8000", &["backend"]),
        ("gpu-17:8000/v1", &["gpu-17"]),
        ("gpu-17.rack:443", &["gpu-17"]),
        ("localhost:11434", &["11434"]),
        ("refused by localhost.", &["localhost"]),
        ("LLM.Acme-Corp.Example says no", &["Acme"]),
        ("eu.llm.acme-corp.example/x", &["acme"]),
        ("ip-10-0-3-17", &["10-0"]),
        ("mail ops@acme.com", &["ops", "acme"]),
        ("host gpu-17 is away", &["gpu-17"]),
        ("pod `vllm-7d9f8-x2k4j` was killed", &["7d9f8"]),
        ("10.0.0.1", &["10.0"]),
        (
            "from 192.168.17.4:40112->10.1.2.3:443: reset",
            &["192.168", "10.1"],
        ),
        ("in 10.0.0.0/8.", &["10.0"]),
        ("tcp:10.0.0.1:80", &["10.0"]),
        ("::1", &["::1"]),
        ("[::1]:8080", &["::1", "8080"]),
        ("at fe80::1%eth0:", &["fe80"]),
        ("2001:db8:0:0:0:0:0:1", &["2001"]),
        ("::ffff:10.0.0.1", &["10.0"]),
    ]);
}

#[test]
fn a_host_of_one_word_goes_where_it_stands_alone() {
    let of = |text: &str| Private::new(None, "gpubox:8000").scrub(text);
    assert_eq!(of("gpubox: away."), "[redacted]: away.");
    assert_eq!(of("gpubox:80"), "[redacted]");
    assert_eq!(of("gpubox/llama-3 or GPUBox"), "gpubox/llama-3 or GPUBox");
    let none = Private::default().scrub("a host of none");
    assert_eq!(none, "a host of none");
    let word = Private::new(Some("none"), "").scrub("a key of none");
    assert_eq!(word, "a key of none");
}

#[test]
fn ordinary_messages_stay_as_they_are() {
    for text in [
        "This model's maximum context length is 8192 tokens. However, you requested 10000 tokens \
         (9000 in the messages, 1000 in the completion). Please reduce the length.",
        "Invalid value for 'messages[0].content': expected one of a string or array of objects.",
        "Invalid type for 'tools[2].function.parameters.properties.name': got null instead.",
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message \
         with 'tool_calls'.",
        "tool_call_id call_9pw1qYvScQvNnhN2sOeJ6rLz, toolu_01A09q90qw90lq917835lq9",
        "The model `gpt-4o-mini-2024-07-18` does not exist or you do not have access to it.",
        "claude-3-5-sonnet-20241022, o1-preview, gpt-4.1, gemini-1.5-pro-002, command-r+",
        "meta-llama/Llama-3.3-70B-Instruct, mistral-7b-instruct-v0.2, xai-org/grok-1",
        "accounts/fireworks/models/llama-v3p1-8b-instruct, ollama/llama3.2:1b, qwen2.5-coder:32b",
        "anthropic.claude-3-sonnet-20240229-v1:0, llama3:70, deepseek-r1:14b, model:free",
        "ft:gpt-3.5-turbo-0125:my-team::9abc1234",
        "Version 1.2.3 of v2.0.1-beta.3 with v1.2.3.4, Python 3.12, torch 2.4.0+cu121, HTTP/1.1",
        "at main.rs:1024:5, chat.py:8080, data.json, README.md, image.png and /var/tmp/a.txt",
        "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        "torch.cuda.OutOfMemoryError: CUDA out of memory on cuda:0. Tried to allocate 2.50 GiB",
        "openai.BadRequestError: Error code: 400 - {'type': 'invalid_request_error', 'param': None}",
        "google.rpc.ErrorInfo, java.net.SocketException, std::vec::Vec, ollm::model_name::X",
        "limit:8192, max_tokens:4096, status:1500, position:2048, top_k:5000, error:80",
        "at 12:30:45 on 2024-07-18T12:30:45.123Z, retry in 20s, 1:1, 16:9, ratio 3:14",
        "temperature: 2.5 > 2, top_p: -1, 1e-5, 50%, $5.00, #3, C:\\temp\\new, a -> b",
        "Your organization must be verified to use this model.",
        "an organization-level, org-wide limit of the organization. Projects differ",
        "your organization's plan, the account has no credit, your project does not have access",
        "Invalid organization: must be a string. project: must be set. your account, please",
        "api_key: field required, x-api-key: missing, prompt_cache_key: string too long",
        "The API key is not valid. No API key provided. An API key is required.",
        "Missing bearer token. Use the Bearer scheme. Bearer authentication is needed",
        "unexpected token: }, unknown key 'temperatur', stop token, the session ended",
        "task-oriented, risk-adjusted, sk-SK, sk-learn, must start with 'sk-', a cookie is needed",
        "**bold** text and **** stars; \u{201c}quotes\u{201d}, naïve, 你好，世界, 😀",
        "e.g. this, i.e. that, etc. ... a.b, x.y.z, Node.js, U.S., 3.5.",
        "Failed to parse tool call arguments as JSON: unterminated string.",
        "[{\"type\":\"string_too_short\",\"loc\":[\"body\",\"messages\",0],\"ctx\":{\"min_length\":1}}]",
        "context_length_exceeded invalid_api_key rate_limit_exceeded insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
        "",
    ] {
        assert_eq!(scrub(text), text);
    }
}

#[test]
fn only_what_must_go_goes() {
    for (text, expected) in [
        (
            "Incorrect API key provided: sk-abcdefgh. See https://a.b/c.",
            "Incorrect API key provided: [redacted]. See [redacted].",
        ),
        (
            "Rate limit reached for gpt-4o in organization org-AbCdEf12 on tokens per min (TPM): \
             Limit 30000, Used 29000.",
            "Rate limit reached for gpt-4o in organization [redacted] on tokens per min (TPM): \
             Limit 30000, Used 29000.",
        ),
        (
            "Post \"http://10.0.0.1:80/v1\": dial tcp 10.0.0.1:80: connection refused",
            "Post \"[redacted]\": dial tcp [redacted]: connection refused",
        ),
        ("a\r\nb\tc\u{0}d\u{1b}[0m\u{7f}", "a  b c d [0m "),
        ("a\u{202e}b\u{feff}c", "abc"),
    ] {
        assert_eq!(scrub(text), expected);
    }
}

#[test]
fn w60_what_is_clean_is_left_alone_the_second_time() {
    for text in [
        "Incorrect API key provided: sk-abcdefgh. Bearer abc.def-ghi; cookie: a=b",
        "organization org-AbCdEf12 at gpu.internal:80 or 10.0.0.1, see https://a.b/c.",
    ] {
        let once = scrub(text);
        assert_eq!(scrub(&once), once);
    }
}

#[test]
fn a_message_has_a_longest_length() {
    assert_eq!(scrub(&"ä ".repeat(5000)).chars().count(), LONGEST);
    assert_eq!(scrub(&"x".repeat(5000)).chars().count(), LONGEST);
    let last = format!("{}sk-abcdefgh", " ".repeat(LONGEST - 4));
    assert!(!scrub(&last).contains("sk-"), "what is cut is known first");
    // What is not looked at does not leave either, though all before it goes.
    let url = format!("https://{}", "x".repeat(READ - 14));
    assert_eq!(scrub(&format!("{url} sk-abcdefgh")), "[redacted]");
    assert_eq!(scrub(&"x".repeat(READ + 1)), "");
}

/// Were the work to grow faster than the length, this would not end.
#[test]
fn w60_hostile_text_takes_no_longer() {
    let private = Private::new(Some(SECRET), "a.example");
    for part in [
        "a",
        "-",
        ".",
        ":",
        "a.",
        "a:",
        "a-",
        "://",
        "[",
        "@",
        "/",
        "sk-",
        "org-",
        "eyJ",
        "***",
        "1.",
        "1:",
        "::",
        "=",
        "cookie",
        "bearer ",
        "key ",
        "projects/",
        "a.svc.",
        "a.internal/",
        "\\n",
        "\"",
        "\u{200b}",
        "ä",
        "https://",
        "ip-1-",
        "a:1",
        "f:",
        "organization ",
    ] {
        let text = part.repeat((1 << 16) / part.len());
        assert!(private.walk(&text).chars().count() <= LONGEST, "{part}");
    }
}
