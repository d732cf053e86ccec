//! The caller's own vLLM: where it may be (W33).

use core::net::IpAddr;

use super::fault::ConfigFault;
use super::reader::Reader;
use crate::address::{Class, Range, class, is_plain};

/// The provider that a caller's endpoint stands for.
pub const STANDS_FOR: &str = "vllm";

/// What callers may name as their own vLLM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VllmEndpoint {
    /// The hosts, at least one.
    pub allow: Vec<AllowedHost>,
    /// Addresses that are allowed though they are not public.
    pub private: Vec<Range>,
}

/// A host that callers may name: `vllm.example.com`, `*.gpu.example.com:8000`, `10.1.2.3:*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// Its name or address; behind `*.` all names below this one.
    host: String,
    below: bool,
    port: Ports,
}

/// The ports of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    /// 443 with TLS, 80 without.
    Default,
    /// This one.
    One(u16),
    /// All.
    Any,
}

impl VllmEndpoint {
    /// Whether callers may name this host; `host` in lower case, an IPv6 address without brackets.
    #[must_use]
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.allow.iter().any(|own| own.allows(scheme, host, port))
    }

    /// Whether an attempt may go to this address.
    #[must_use]
    pub fn reaches(&self, ip: IpAddr) -> bool {
        class(ip) == Class::Public || self.private.iter().any(|range| range.contains(ip))
    }
}

impl AllowedHost {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            None => Ports::Default,
            Some("*") => Ports::Any,
            Some(port) => {
                let digits = port.bytes().all(|b| b.is_ascii_digit());
                let port = port.parse().ok().filter(|port| digits && *port != 0);
                Ports::One(port?)
            }
        };
        let (host, below) = match host.strip_prefix("*.") {
            Some(host) => (host, true),
            None => (host, false),
        };
        let host = match host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            Some(host) => host.parse::<core::net::Ipv6Addr>().ok()?.to_string(),
            None => host.to_owned(),
        };
        let is_address = host.parse::<IpAddr>().is_ok();
        // Below an address there is nothing, and one of IPv6 has brackets.
        let known = if is_address { !below } else { is_plain(&host) };
        known.then_some(Self { host, below, port })
    }

    fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let own_host = if self.below {
            let above = host.strip_suffix(self.host.as_str());
            above.is_some_and(|above| above.len() > 1 && above.ends_with('.'))
        } else {
            self.host == host
        };
        own_host
            && match self.port {
                Ports::Any => true,
                Ports::One(own) => own == port,
                Ports::Default => port == if scheme == "https" { 443 } else { 80 },
            }
    }
}

pub(super) fn read(r: &mut Reader<'_>) -> VllmEndpoint {
    let hosts = r.texts("allow");
    if hosts.is_empty() {
        r.fault("allow", ConfigFault::Missing);
    }
    let mut allow = Vec::new();
    for (i, text) in hosts.iter().enumerate() {
        match AllowedHost::parse(text) {
            Some(host) => allow.push(host),
            None => {
                let expected = "a host in lower case, with `*.` in front or a port behind";
                r.fault_within("allow", i, ConfigFault::Invalid { expected });
            }
        }
    }
    let mut private = Vec::new();
    for (i, text) in r.texts("private").iter().enumerate() {
        match Range::parse(text) {
            Some(range) => private.push(range),
            None => {
                let expected = "an IP address, or a range such as `10.1.2.0/24`";
                r.fault_within("private", i, ConfigFault::Invalid { expected });
            }
        }
    }
    VllmEndpoint { allow, private }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn endpoint(allow: &[&str]) -> VllmEndpoint {
        let allow = allow.iter().map(|text| AllowedHost::parse(text).unwrap());
        VllmEndpoint {
            allow: allow.collect(),
            private: vec![Range::parse("10.1.2.0/24").unwrap()],
        }
    }

    #[test]
    fn w33_hosts_are_allowed_by_name_and_port() {
        let own = endpoint(&[
            "a.com",
            "*.gpu.com:8000",
            "10.1.2.3:*",
            "[::1]:9",
            "[fd00:0::2]",
        ]);
        for (scheme, host, port) in [
            ("https", "a.com", 443),
            ("http", "a.com", 80),
            ("http", "x.gpu.com", 8000),
            ("https", "x.y.gpu.com", 8000),
            ("http", "10.1.2.3", 1),
            ("http", "::1", 9),
            ("http", "fd00::2", 80),
        ] {
            assert!(own.allows(scheme, host, port), "{host}:{port}");
        }
        for (scheme, host, port) in [
            ("https", "a.com", 80),
            ("http", "a.com", 8000),
            ("http", "b.a.com", 80),
            ("http", "xa.com", 80),
            ("http", "gpu.com", 8000),
            ("http", ".gpu.com", 8000),
            ("http", "xgpu.com", 8000),
            ("http", "x.gpu.com", 80),
            ("http", "x.gpu.com.evil.com", 8000),
            ("http", "x.evilgpu.com", 8000),
            ("http", "gpu.com.x", 8000),
            ("http", "xn--gpu.com", 8000),
            ("http", "x.gpu.com", 8001),
            ("http", "10.1.2.3.4", 1),
            ("http", "110.1.2.3", 1),
            ("http", "::1", 80),
            ("http", "fd00::2", 81),
            ("http", "10.1.2.4", 1),
        ] {
            assert!(!own.allows(scheme, host, port), "{host}:{port}");
        }
    }

    #[test]
    fn w33_what_is_no_host_is_a_fault() {
        for text in [
            "",
            "*",
            "*.",
            "A.com",
            "a.com:0",
            "a.com:x",
            "http://a.com",
            "a.com.",
            "a b",
            "[::1",
            "*.*.com",
            "a.*.com",
            "*a.com",
            "a.com:+80",
            "a.com:65536",
            "a.com:8:9",
            "a..com",
            "-a.com",
            "*..com",
            "fd00::1",
            "*.10.1.2.3",
            "*.[fd00::1]",
            "127.1",
            "0x7f.1",
            "010.0.0.1",
            "[10.1.2.3]",
            "[fe80::1%1]",
            "u@a.com",
            "a.com/v1",
        ] {
            assert_eq!(AllowedHost::parse(text), None, "{text}");
        }
    }

    #[test]
    fn w33_only_public_and_listed_addresses_are_reached() {
        let own = endpoint(&["a.com"]);
        for (text, expected) in [
            ("8.8.8.8", true),
            ("10.1.2.77", true),
            ("10.1.3.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("0.0.0.0", false),
            ("::1", false),
        ] {
            assert_eq!(own.reaches(text.parse().unwrap()), expected, "{text}");
        }
    }
}
