//! Headers → plans.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

pub(crate) const DOCUMENT: &str = r#"{
    "providers": {"openai": {"host": "o"}, "azure": {"host": "z"}, "vllm": {"host": "v",
        "auth": {"env": "VLLM_API_KEY"}}},
    "models": {
        "m": {"providers": [{"provider": "azure"}, {"provider": "openai"}]},
        "l": {"providers": [{"provider": "openai"}, {"provider": "vllm", "model": "meta/l"}]},
        "safe": {"providers": [{"provider": "openai"}, {"provider": "vllm"}], "tiers": ["tee"]}},
    "functions": {"f": {"variants": {"x": {"model": "l", "weight": 1}}}},
    "vllm_endpoint": {"allow": ["v.com", "10.0.0.1", "10.0.0.2"], "private": ["10.0.0.2"]},
    "defaults": {"failover_order": ["openai", "azure"]}
}"#;

fn config() -> Config {
    Config::parse(DOCUMENT.as_bytes()).unwrap()
}

fn head(headers: &[(&str, &str)]) -> Head {
    Head::new(headers)
}

fn own() -> Own {
    let head = head(&[
        (wire::VLLM_ENDPOINT, "https://v.com"),
        (wire::VLLM_API_KEY, "canary-of-own-77"),
    ]);
    Own::read(&head, &config()).unwrap().unwrap()
}

#[test]
fn w33_what_is_not_allowed_is_refused_at_once() {
    let config = config();
    let fault = |value: &str| match Own::read(&head(&[(wire::VLLM_ENDPOINT, value)]), &config) {
        Err(Rejection::Endpoint(fault)) => Some(fault),
        _ => None,
    };
    assert_eq!(fault("http://v.com:8000"), Some(EndpointFault::NotListed));
    assert_eq!(fault("http://w.com"), Some(EndpointFault::NotListed));
    assert_eq!(fault("http://10.0.0.1"), Some(EndpointFault::Private));
    assert_eq!(fault("http://10.0.0.2"), None);
    assert!(matches!(fault("v.com"), Some(EndpointFault::Url(_))));
    let both = [
        (wire::VLLM_ENDPOINT, "http://v.com"),
        (wire::VLLM_ENDPOINT, "http://v.com"),
    ];
    let twice = Own::read(&head(&both), &config).unwrap_err();
    let header = wire::VLLM_ENDPOINT;
    assert_eq!(twice, Rejection::HeaderTwice { header });
    let spaced = [
        (wire::VLLM_ENDPOINT, "http://v.com"),
        (wire::VLLM_API_KEY, "a b"),
    ];
    let key = Own::read(&head(&spaced), &config).unwrap_err();
    assert_eq!(key, Rejection::Endpoint(EndpointFault::Key));
    let alone = Own::read(&head(&[(wire::VLLM_API_KEY, "k")]), &config);
    assert!(
        alone.unwrap().is_none(),
        "a key without an endpoint goes nowhere"
    );
    let off = Config {
        vllm_endpoint: None,
        ..config
    };
    let named = [(wire::VLLM_ENDPOINT, "http://v.com")];
    let refused = Own::read(&head(&named), &off).unwrap_err();
    assert_eq!(refused, Rejection::Endpoint(EndpointFault::Off));
}

#[test]
fn w33_an_attempt_is_pinned_to_the_address_that_was_checked() {
    let config = config();
    let rules = config.vllm_endpoint.as_ref();
    let own = own();
    assert_eq!(own.address(), Address::Ask("v.com:443".to_owned()));
    assert_eq!(own.pin("8.8.8.8:443\n", rules).unwrap(), "8.8.8.8:443");
    assert_eq!(own.pin("10.0.0.2:443", rules).unwrap(), "10.0.0.2:443");
    assert_eq!(
        own.pin("[2606:4700::1]:1", rules).unwrap(),
        "[2606:4700::1]:443"
    );
    for private in [
        "127.0.0.1:443",
        "10.0.0.1:443",
        "[::1]:443",
        "[::ffff:127.0.0.1]:443",
        "169.254.169.254:80",
    ] {
        let refused = own.pin(private, rules).unwrap_err();
        assert_eq!(
            refused,
            Rejection::Endpoint(EndpointFault::Private),
            "{private}"
        );
    }
    assert!(
        own.pin("8.8.8.8:443", None).is_err(),
        "nothing is allowed without rules"
    );
    for nothing in ["", "-", "no healthy upstream", "8.8.8.8"] {
        assert_eq!(own.pin(nothing, rules).unwrap(), "127.0.0.1:9", "{nothing}");
    }
}

#[test]
fn w33_the_key_is_not_told() {
    assert!(!format!("{:?}", own()).contains("canary-of-own-77"));
    assert_eq!(own().bearer(), Some("Bearer canary-of-own-77"));
    assert_eq!(
        own()
            .private()
            .scrub("the key canary-of-own-77 of nobody")
            .matches("own")
            .count(),
        0
    );
}
