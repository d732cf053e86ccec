//! The caller's own vLLM with TLS: its name is the SNI and must be in its certificate (W33).

use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::provider::tls::Authority;
use sluice_tests::{Answer, Chat, Dns, Protocol, Provider, Stack};

use crate::expect::{self, MODEL};

const NAME: &str = "v.test";
const ENDPOINT: &str = "x-opengateway-vllm-endpoint";
const SEQUENCE: &str = "x-opengateway-failover-sequence";
const API_KEY: &str = "x-opengateway-vllm-api-key";
const KEY: &str = "canary-key-of-the-callers-own-77aa";

/// An endpoint whose certificate is for one host, and a gateway that trusts its authority.
struct Own {
    provider: Provider,
    stack: Stack,
    _dns: Dns,
}

impl Own {
    async fn start(host: &str, protocol: Protocol) -> Self {
        let authority = Authority::new();
        let dir = tempfile::tempdir().unwrap();
        let roots = authority.write(dir.path());
        Self::with(
            host,
            protocol,
            &authority,
            Some(json!({ "filename": roots })),
        )
        .await
    }

    async fn with(
        host: &str,
        protocol: Protocol,
        authority: &Authority,
        roots: Option<Value>,
    ) -> Self {
        let alpn = protocol.alpn().unwrap();
        let script = Chat::of(&["from the caller's own"]);
        let provider = Provider::start_tls(script, authority, host, alpn).await;
        let dns = Dns::start().await;
        dns.set(NAME, &[std::net::Ipv4Addr::LOCALHOST]);
        let rules = json!({"allow": ["v.test:*", "127.0.0.1:*"], "private": ["127.0.0.1"]});
        let stack = Stack::builder()
            .provider_over(protocol, "openai", Chat::of(&["from openai"]))
            .config(|doc| doc["vllm_endpoint"] = rules)
            .bootstrap(|bootstrap| {
                dns.lead(bootstrap);
                let socket = &mut bootstrap.cluster("vllm_tls")["transport_socket"];
                let context = &mut socket["typed_config"]["common_tls_context"];
                if let Some(roots) = roots {
                    context["validation_context"]["trusted_ca"] = roots;
                }
            });
        Self {
            provider,
            stack: stack.start().await,
            _dns: dns,
        }
    }

    async fn ask(&self, host: &str, body: &Value) -> Reply {
        let url = format!("https://{host}:{}/v1", self.provider.addr().port());
        let call = self.stack.caller.chat(body).header(ENDPOINT, &url);
        call.header(API_KEY, KEY).send().await
    }

    /// An attempt fails at this host and the next provider is tried; without one the caller is told.
    async fn assert_refused(&self, host: &str) {
        for body in [plain(MODEL), streamed(MODEL)] {
            let reply = self.ask(host, &body).await;
            assert!(reply.text().contains("from openai"), "{}", reply.text());
            let route = expect::route(&reply.headers);
            assert_eq!(route, "vllm_endpoint_tls;failed,openai;200");
        }
        let reply = self.ask(host, &plain("mine")).await;
        expect::error(&reply, 502, "all_attempts_failed");
        let told = reply.everything();
        assert!(
            !told.contains("ertificate") && !told.contains(KEY),
            "{told}"
        );
        assert_eq!(self.provider.requests().len(), 0);
    }
}

#[tokio::test]
async fn w33_the_name_of_an_endpoint_with_tls_is_its_sni() {
    for protocol in [Protocol::TlsHttp1, Protocol::TlsH2] {
        let own = Own::start(NAME, protocol).await;
        for body in [plain("mine"), streamed("mine")] {
            let reply = own.ask(NAME, &body).await;
            let text = reply.text();
            assert!(
                text.contains("from the caller's own"),
                "{protocol:?} {text}"
            );
            let provider = reply.header("x-gateway-provider");
            assert_eq!(provider, Some("vllm_endpoint_tls"));
        }
        let port = own.provider.addr().port();
        for seen in own.provider.requests() {
            assert_eq!(seen.authority, Some(format!("{NAME}:{port}")));
            assert_eq!(seen.header("authorization"), Some(format!("Bearer {KEY}")));
            let odd = |name: &&str| name.starts_with("x-");
            assert_eq!(seen.header_names().into_iter().find(odd), None);
        }
        let names = own.provider.names();
        assert!(!names.is_empty());
        assert!(
            names.iter().all(|name| name.as_deref() == Some(NAME)),
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn w33_a_certificate_for_another_name_is_a_failed_attempt() {
    let own = Own::start("w.test", Protocol::TlsHttp1).await;
    own.assert_refused(NAME).await;
}

#[tokio::test]
async fn w33_a_certificate_of_nobody_known_is_a_failed_attempt() {
    let own = Own::with(NAME, Protocol::TlsH2, &Authority::new(), None).await;
    own.assert_refused(NAME).await;
}

#[tokio::test]
async fn w33_an_address_with_tls_must_be_in_the_certificate() {
    let own = Own::start("127.0.0.1", Protocol::TlsHttp1).await;
    let reply = own.ask("127.0.0.1", &plain("mine")).await;
    assert_eq!(reply.said(), "from the caller's own", "{}", reply.text());
    let other = Own::start(NAME, Protocol::TlsHttp1).await;
    other.assert_refused("127.0.0.1").await;
}

#[tokio::test]
async fn w33_each_attempt_has_the_name_of_its_own_host() {
    let own = Own::start(NAME, Protocol::TlsHttp1).await;
    let openai = own.stack.provider("openai");
    let order = json!(["openai", "vllm"]).to_string();
    openai.script(Answer::error(500, "no"));
    let url = format!("https://{NAME}:{}", own.provider.addr().port());
    let ask = async |order: &str| {
        let call = own.stack.caller.chat(&plain(MODEL)).header(ENDPOINT, &url);
        call.header(SEQUENCE, order).send().await
    };
    let reply = ask(&order).await;
    assert_eq!(reply.said(), "from the caller's own", "{}", reply.text());
    own.provider.script(Answer::error(500, "no"));
    openai.script(Chat::of(&["from openai"]));
    let order = json!(["vllm", "openai"]).to_string();
    let reply = ask(&order).await;
    assert_eq!(reply.said(), "from openai", "{}", reply.text());
    for (provider, name) in [(&own.provider, NAME), (openai, "api.openai.com")] {
        let names = provider.names();
        assert!(!names.is_empty());
        assert!(
            names.iter().all(|own| own.as_deref() == Some(name)),
            "{names:?}"
        );
    }
}
