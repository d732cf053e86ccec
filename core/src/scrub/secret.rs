//! Keys and ids that are known by their own looks.

/// How a key begins, how much must follow, and whether a digit or a capital must be in that.
const BEGINNINGS: [(&str, usize, bool); 24] = [
    ("AIza", 5, false),
    ("AKIA", 12, true),
    ("ASIA", 12, true),
    ("arn:", 6, false),
    ("csk-", 8, true),
    ("eyJ", 16, true),
    ("fw_", 16, true),
    ("ghp_", 8, true),
    ("github_pat_", 8, true),
    ("glpat-", 8, true),
    ("gsk_", 5, false),
    ("hf_", 16, true),
    ("nvapi-", 8, true),
    ("org_", 8, true),
    ("pplx-", 8, true),
    ("proj-", 8, true),
    ("proj_", 5, false),
    ("r8_", 16, true),
    ("sess-", 8, true),
    ("sk-", 6, false),
    ("sk-", 4, true),
    ("sk_", 8, false),
    ("xai-", 8, false),
    ("ya29.", 8, true),
];

/// What follows `org-` in a word that is no id: `org-level`.
const OF_AN_ORG: [&str; 12] = [
    "admin", "admins", "based", "id", "level", "members", "owned", "owner", "owners", "scoped",
    "specific", "wide",
];

/// Paths that lead on to the id of an account.
const PATHS: [&str; 5] = [
    "organizations/",
    "orgs/",
    "projects/",
    "subscriptions/",
    "tenants/",
];

/// Characters without a break that are no word any more.
const OPAQUE: usize = 32;

/// Whether a key or an id is in the token.
pub(super) fn is_in(token: &str) -> bool {
    is_masked(token) || is_opaque(token) || starts(token).any(|rest| begins(rest) || leads(rest))
}

/// Whether a value is like a key, where the words before it say that it may be one.
pub(super) fn is_like(token: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+/.~*%".contains(&b);
    let letter = token.bytes().any(|b| b.is_ascii_alphabetic());
    token.len() >= 16 && token.bytes().all(plain) && letter && has_digit(token)
}

pub(super) fn has_digit(token: &str) -> bool {
    token.bytes().any(|b| b.is_ascii_digit())
}

/// The rest of the token at each start of a word in it.
fn starts(token: &str) -> impl Iterator<Item = &str> {
    let before = std::iter::once(b' ').chain(token.bytes());
    let starts = token.bytes().zip(before).enumerate();
    let starts = starts
        .filter(|(_, (b, before))| b.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric());
    starts.filter_map(|(at, _)| token.get(at..))
}

fn begins(text: &str) -> bool {
    let known = BEGINNINGS.iter().any(|(beginning, least, mixed)| {
        text.strip_prefix(beginning).is_some_and(|rest| {
            let key = key(rest);
            let is_mixed = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
            key.len() >= *least && (!mixed || key.bytes().any(is_mixed))
        })
    });
    known || text.strip_prefix("org-").is_some_and(is_org)
}

fn is_org(rest: &str) -> bool {
    let word = rest.split(['-', '_', '.', '/']).next().unwrap_or_default();
    key(rest).len() >= 4 && !OF_AN_ORG.contains(&word)
}

fn leads(text: &str) -> bool {
    let mut paths = PATHS.iter();
    paths.any(|path| {
        text.strip_prefix(path)
            .is_some_and(|rest| !key(rest).is_empty())
    })
}

/// The characters at the front that a key may have; 64 are enough to know one by.
fn key(text: &str) -> &str {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.*:".contains(&b);
    let len = text.bytes().take(64).take_while(|b| plain(*b)).count();
    text.get(..len).unwrap_or_default()
}

/// `abcd****wxyz`.
fn is_masked(token: &str) -> bool {
    token.contains("***") && token.bytes().any(|b| b.is_ascii_alphanumeric())
}

fn is_opaque(token: &str) -> bool {
    let mut runs = token.split(|c: char| !c.is_ascii_alphanumeric());
    runs.any(|run| {
        run.len() >= OPAQUE && has_digit(run) && run.bytes().any(|b| b.is_ascii_alphabetic())
    })
}
