//! Where the caller's own vLLM stands in a plan (W33).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::*;
use crate::endpoint::tests::DOCUMENT;
use crate::error::Code;
use crate::head::Head;
use crate::health::Board;
use crate::wire;

/// The plan as `provider/model` that is sent.
fn plan(selector: &str, variant: Option<&str>, names: Option<&str>) -> Result<Vec<String>, Code> {
    let gateway = Gateway::new(Config::parse(DOCUMENT.as_bytes()).unwrap(), |_| None);
    let mut headers = vec![(wire::VLLM_ENDPOINT, "https://v.com")];
    headers.extend(names.map(|names| (wire::FAILOVER_SEQUENCE, names)));
    let head = Head::new(&headers);
    let own = Own::read(&head, &gateway.config).unwrap();
    let asked = Asked::read(&head, &gateway.config, own.as_ref()).unwrap();
    let wish = Wish {
        selector,
        variant,
        routing: &Routing::default(),
        asked: &asked,
        own: own.as_ref(),
        needs: &Needs::default,
    };
    let mut care = Care {
        board: &Board::default(),
        claim: &mut |_| true,
        now_ms: 0,
    };
    let plan = Plan::new(&wish, &gateway, &mut care, &mut Luck::new([1; 16]));
    let plan = plan.map_err(|rejection| {
        let body = rejection.reply().body;
        let told = |code: &&Code| body.contains(&format!("\"{code}\""));
        *Code::ALL.iter().find(told).unwrap()
    })?;
    let name = |to: &Planned| format!("{}/{}", to.candidate.provider.name, to.candidate.model);
    Ok(plan.attempts.iter().map(name).collect())
}

#[test]
fn w33_the_endpoint_stands_where_vllm_stands() {
    type Case = (
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        &'static [&'static str],
    );
    let cases: [Case; 13] = [
        ("l", None, None, &["vllm_endpoint_tls/meta/l", "openai/l"]),
        (
            "m",
            None,
            None,
            &["vllm_endpoint_tls/m", "openai/m", "azure/m"],
        ),
        (
            "l",
            None,
            Some(r#"["openai","vllm"]"#),
            &["openai/l", "vllm_endpoint_tls/meta/l"],
        ),
        (
            "m",
            None,
            Some(r#"["openai","vllm"]"#),
            &["openai/m", "vllm_endpoint_tls/m"],
        ),
        ("m", None, Some(r#"["openai"]"#), &["openai/m"]),
        ("mine", None, None, &["vllm_endpoint_tls/mine"]),
        ("vllm/mine", None, None, &["vllm_endpoint_tls/mine"]),
        (
            "org/mine",
            None,
            Some(r#"["openai","vllm"]"#),
            &["vllm_endpoint_tls/org/mine"],
        ),
        ("vllm/meta/l", None, None, &["vllm_endpoint_tls/meta/l"]),
        ("openai/m", None, None, &["openai/m"]),
        ("l", Some("vllm"), None, &["vllm_endpoint_tls/meta/l"]),
        ("l", Some("openai"), None, &["openai/l"]),
        (
            "ollm::function_name::f",
            None,
            None,
            &["vllm_endpoint_tls/meta/l", "openai/l"],
        ),
    ];
    for (selector, variant, names, expected) in cases {
        let plan = plan(selector, variant, names).unwrap();
        assert_eq!(plan, expected, "{selector} {variant:?} {names:?}");
    }
    let unknown = plan("mine", None, Some(r#"["openai"]"#));
    assert_eq!(unknown, Err(Code::ModelNotFound));
}

#[test]
fn w24_w33_a_model_with_tiers_does_not_go_to_an_endpoint() {
    assert_eq!(plan("safe", None, None).unwrap(), ["openai/safe"]);
    let named = plan("safe", None, Some(r#"["vllm"]"#));
    assert_eq!(named, Err(Code::NoProviderAvailable));
}
