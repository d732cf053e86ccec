//! Where a provider is: URLs, hosts, addresses.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::secret::has_digit;

/// Last labels of names that are no one's but a network's own.
const INSIDE: [&str; 9] = [
    "arpa",
    "corp",
    "internal",
    "intranet",
    "intra",
    "lan",
    "local",
    "localdomain",
    "svc",
];
/// Last labels of public names; fields and files do not end so.
const PUBLIC: [&str; 4] = ["com", "edu", "gov", "org"];
/// Last labels of public names of three labels and more; fields and files of two end so too.
const LONG: [&str; 10] = [
    "ai", "app", "cloud", "co", "dev", "eu", "example", "io", "net", "uk",
];
/// A number after a file is a line of it.
const FILES: [&str; 29] = [
    "c", "cc", "cpp", "cs", "csv", "go", "h", "html", "java", "jinja", "js", "json", "jsx", "log",
    "md", "mjs", "php", "py", "rb", "rs", "sh", "sql", "toml", "ts", "tsx", "txt", "xml", "yaml",
    "yml",
];
/// A number after one of these is a figure and no port: `limit:8192`.
const FIGURES: [&str; 44] = [
    "at",
    "budget",
    "byte",
    "bytes",
    "char",
    "chars",
    "code",
    "col",
    "column",
    "context",
    "count",
    "dimensions",
    "error",
    "height",
    "id",
    "index",
    "k",
    "length",
    "limit",
    "line",
    "max",
    "min",
    "ms",
    "n",
    "offset",
    "port",
    "pos",
    "position",
    "remaining",
    "requested",
    "row",
    "seconds",
    "seed",
    "size",
    "status",
    "step",
    "timeout",
    "token",
    "tokens",
    "total",
    "used",
    "version",
    "width",
    "window",
];

/// Where a URL begins in the token.
pub(super) fn url_start(token: &str) -> Option<usize> {
    let (before, _) = token.split_once("://")?;
    let scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    Some(before.trim_end_matches(scheme).len())
}

/// Whether the character is the first after a URL.
pub(super) fn ends_url(c: char) -> bool {
    !c.is_ascii_graphic() || "\"'`<>\\|".contains(c)
}

/// The host of an authority.
pub(super) fn without_port(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host.trim_matches(['[', ']'])
}

/// Whether a host or an address is in the token; `own` is the host that is configured.
pub(super) fn is_in(token: &str, own: &str) -> bool {
    if has_address(token) || !own.contains('.') && is_word_of(token, own) {
        return true;
    }
    let mut pieces = token.split(['/', '@', '[', ']']);
    pieces.any(|piece| {
        let mut parts = piece.split(':').peekable();
        while let Some(name) = parts.next() {
            let port = parts.peek().and_then(|port| port.parse::<u16>().ok());
            let name = name.trim_matches(['.', '-', '_']);
            if is_host(name, port, own) {
                return true;
            }
        }
        false
    })
}

/// Whether the token is a host of one label, such as `vllm`, and nothing more than that.
fn is_word_of(token: &str, own: &str) -> bool {
    let name = token.split(':').next().unwrap_or_default();
    own.len() >= 3 && name.trim_end_matches('.') == own
}

fn is_host(name: &str, port: Option<u16>, own: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.bytes().all(plain) {
        return false;
    }
    if name.eq_ignore_ascii_case("localhost") || is_own(name, own) || is_aws(name) {
        return true;
    }
    let letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let Some((front, last)) = name.rsplit_once('.') else {
        return letter && port.is_some_and(|port| is_port(name, port));
    };
    let last = last.to_ascii_lowercase();
    let is = |list: &[&str]| list.contains(&last.as_str());
    let service = || front.to_ascii_lowercase().contains(".svc.");
    let word = last.bytes().all(|b| b.is_ascii_alphabetic());
    is(&INSIDE)
        || is(&PUBLIC)
        || front.contains('.') && (is(&LONG) || service() || front.ends_with(".svc"))
        || word && !is(&FILES) && port.is_some_and(|port| port >= 80)
}

/// Whether the name is the configured host, or one below it.
fn is_own(name: &str, own: &str) -> bool {
    if !own.contains(['.', '-']) && !has_digit(own) {
        // A word such as `vllm`, which may be part of a model's name.
        return false;
    }
    let Some(at) = name.len().checked_sub(own.len()) else {
        return false;
    };
    let end = name.get(at..).unwrap_or_default();
    let before = name.get(..at).unwrap_or_default();
    end.eq_ignore_ascii_case(own) && (before.is_empty() || before.ends_with('.'))
}

/// `ip-10-0-3-17`.
fn is_aws(name: &str) -> bool {
    let numbers = name.strip_prefix("ip-").map(|rest| rest.split('-'));
    numbers.is_some_and(|numbers| {
        numbers.clone().count() == 4 && numbers.into_iter().all(|n| n.parse::<u8>().is_ok())
    })
}

/// Whether the number after a name without a dot is a port.
fn is_port(name: &str, port: u16) -> bool {
    let last = name.rsplit(['-', '_']).next().unwrap_or_default();
    let figure = FIGURES.contains(&last.to_ascii_lowercase().as_str());
    !figure && (port >= 1024 || port == 80 || port == 443)
}

fn has_address(token: &str) -> bool {
    runs(token, |b| b.is_ascii_digit() || b == b'.').any(is_v4)
        || runs(token, |b| b.is_ascii_hexdigit() || b == b':' || b == b'.').any(is_v6)
}

/// The longest runs of such bytes that are no part of a word.
fn runs(token: &str, of: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = &str> {
    let mut rest = token;
    let mut before = None;
    std::iter::from_fn(move || {
        loop {
            let start = rest.bytes().position(of)?;
            before = start
                .checked_sub(1)
                .map_or(before, |at| rest.as_bytes().get(at).copied());
            let run = rest.get(start..)?;
            let len = run.bytes().position(|b| !of(b)).unwrap_or(run.len());
            let (run, after) = run.split_at_checked(len)?;
            let word = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
            let alone = !word(before) && !word(after.bytes().next());
            before = run.bytes().last();
            rest = after;
            if alone {
                return Some(run);
            }
        }
    })
}

fn is_v4(run: &str) -> bool {
    let run = run.trim_matches('.');
    run.len() >= 7 && run.parse::<Ipv4Addr>().is_ok()
}

fn is_v6(run: &str) -> bool {
    let run = run.trim_end_matches('.');
    let run = match run.strip_suffix(':') {
        Some(front) if !front.ends_with(':') => front,
        _ => run,
    };
    has_digit(run) && run.len() <= 45 && run.parse::<Ipv6Addr>().is_ok()
}
