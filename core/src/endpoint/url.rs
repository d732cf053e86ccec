//! The base URL of an endpoint, in the one spelling that is taken (W33).
//!
//! What more than one reader could take for different hosts is refused, not put right.

use core::net::{IpAddr, Ipv6Addr};

use crate::address::is_plain;

/// Characters of a URL.
const LONGEST: usize = 512;

/// `http(s)://host[:port][/path]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: &'static str,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// `/v1` where the URL has no path; no slash at the end.
    pub(super) prefix: String,
}

impl Url {
    /// Reads a URL, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("it is longer than 512 characters");
        }
        let (scheme, rest, usual) = if let Some(rest) = text.strip_prefix("https://") {
            ("https", rest, 443)
        } else if let Some(rest) = text.strip_prefix("http://") {
            ("http", rest, 80)
        } else {
            return Err("it must begin with `http://` or `https://`");
        };
        if rest.contains(['?', '#', '@']) {
            return Err("it must not have a user, a query or a fragment");
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) = split(authority)?;
        let port = match port {
            None => usual,
            Some(port) => self::port(port).ok_or("its port must be 1 to 65535")?,
        };
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            prefix: prefix(path)?,
        })
    }

    /// The host, where it is an address.
    pub(super) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// `host`, with the port where it is not the scheme's.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Host and port of an authority.
fn split(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, behind) = rest
            .split_once(']')
            .ok_or("its address has no closing bracket")?;
        let plain = host
            .parse::<Ipv6Addr>()
            .ok()
            .filter(|ip| ip.to_string() == host && !host.contains('.'));
        return match (plain, behind, behind.strip_prefix(':')) {
            (None, ..) => Err(SPELLING),
            (_, "", _) => Ok((host, None)),
            (_, _, Some(port)) => Ok((host, Some(port))),
            _ => Err("its port must be 1 to 65535"),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    is_plain(host).then_some((host, port)).ok_or(SPELLING)
}

const SPELLING: &str = "its host must be a name in lower-case ASCII without a dot at its end, or an IP address in its usual spelling";

fn port(text: &str) -> Option<u16> {
    let digits = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn prefix(path: &str) -> Result<String, &'static str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok("/v1".to_owned());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_segment =
        |own: &str| !own.is_empty() && own != "." && own != ".." && own.chars().all(plain);
    if path.split('/').skip(1).all(is_segment) {
        Ok(path.to_owned())
    } else {
        Err("its path must be of plain segments, without `.` and `..`")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w33_a_base_url_is_taken() {
        for (text, authority, prefix) in [
            ("http://a.com", "a.com", "/v1"),
            ("https://a.com/", "a.com", "/v1"),
            ("https://a.com:443/v1", "a.com", "/v1"),
            ("https://a.com:80/v1/", "a.com:80", "/v1"),
            ("http://vllm:8000/my+vllm", "", ""),
            ("http://vllm:8000/my/vllm-0", "vllm:8000", "/my/vllm-0"),
            ("http://10.1.2.3:8000", "10.1.2.3:8000", "/v1"),
            ("http://[fd00::1]:8000", "[fd00::1]:8000", "/v1"),
            ("https://[fd00::1]", "[fd00::1]", "/v1"),
            ("https://xn--bcher-kva.com", "xn--bcher-kva.com", "/v1"),
        ] {
            let url = Url::parse(text);
            let own = url
                .map(|url| (url.authority(), url.prefix))
                .unwrap_or_default();
            assert_eq!(own, (authority.to_owned(), prefix.to_owned()), "{text}");
        }
    }

    #[test]
    fn w33_an_odd_url_is_refused() {
        let long = format!("http://{}.com", "a.".repeat(300));
        let label = format!("http://{}.com", "a".repeat(64));
        for text in [
            "",
            "a.com",
            "//a.com",
            "ftp://a.com",
            "HTTP://a.com",
            "file:///etc/passwd",
            "http://",
            "http:///v1",
            "http://u@a.com",
            "http://u:p@a.com",
            "http://a.com@127.0.0.1",
            "http://a.com?x=1",
            "http://a.com#x",
            "http://a.com/v1?x",
            "http://a.com\\@b.com",
            "http://a.com/..",
            "http://a.com/v1/../x",
            "http://a.com//x",
            "http://a.com/./x",
            "http://a.com/%2e%2e/x",
            "http://a.com/v1 x",
            "http://A.com",
            "http://a.com.",
            "http://bücher.com",
            "http://a_b.com",
            "http://-a.com",
            "http://a-.com",
            "http://a..com",
            "http://.a.com",
            "http://a.com:0",
            "http://a.com:65536",
            "http://a.com:080",
            "http://a.com:",
            "http://a.com:+80",
            "http://a.com:80:80",
            "http://0x7f.1",
            "http://0x7f000001",
            "http://2130706433",
            "http://127.1",
            "http://0177.0.0.1",
            "http://127.0.0.01",
            "http://127.0.0.1.",
            "http://127.0.0.0x1",
            "http://a.0x1",
            "http://1.2.3.4.5",
            "http://[::ffff:127.0.0.1]",
            "http://[0:0:0:0:0:0:0:1]",
            "http://[::0001]",
            "http://[::1",
            "http://[::1]x",
            "http://[::1]:0",
            "http://[fe80::1%25eth0]",
            "http://[FD00::1]",
            "http://[fe80::1%eth0]",
            "http://[fe80::1%1]:80",
            "http://[::ffff:7f00:1]",
            "http://[::127.0.0.1]",
            "http://[::1%00]",
            "http://[v1.a]",
            "http://[]",
            "http://a.com\t",
            "http://a\t.com",
            "http://a.com\n.b.com",
            "http://a.com\0.b.com",
            "http:\\\\a.com",
            "http:/\\a.com",
            "http:///a.com",
            "http://a.com\\.b.com",
            "http://a%2ecom",
            "http://a.com%2f.b.com",
            "http://%61.com",
            "http://a.com%00.b.com",
            "http://XN--A.com",
            "http://a。com",
            "http://①27.0.0.1",
            "http://１27.0.0.1",
            "http://a\u{200b}.com",
            "http://a.com..",
            "http://a.com:80.",
            "http://a.com:8_0",
            "http://a.com: 80",
            "http://a.com:-1",
            "http://a.com:0x50",
            "http://a.com:99999999999999999999",
            "http://a.com:８0",
            "http://*.a.com",
            "http://127.0.1",
            "http://127.0x1",
            "http://0x7f.0.0.1",
            "http://0x7f.0x0.0x0.0x1",
            "http://017700000001",
            "http://0127.0.0.1",
            "http://127.0.0.1.0",
            "http://256.0.0.1",
            "http://1.2.3.4.",
            "http://a.1",
            "http://a.0xg",
            "http://a.com/v1\\..",
            "http://a.com/..;/x",
            "http://a.com/%2f",
            "http://::1",
            "http://[127.0.0.1]",
            &long,
            &label,
        ] {
            assert!(Url::parse(text).is_err(), "{text}: {:?}", Url::parse(text));
        }
    }
}
