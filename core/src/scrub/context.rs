//! What the words before a token make of it.

use super::secret;

/// Words that may stand between the name of a value and the value.
const BETWEEN: [&str; 16] = [
    "called", "given", "header", "id", "ids", "name", "named", "number", "provided", "sent",
    "supplied", "used", "value", "was", "with", "your",
];
/// More of them, after the name of a key.
const BEFORE_A_KEY: [&str; 4] = ["basic", "is", "key", "token"];
/// Words that come after a colon and are no name and no key.
const NO_NAMES: [&str; 28] = [
    "a", "access", "an", "and", "cannot", "could", "expected", "field", "invalid", "is", "it",
    "missing", "must", "no", "none", "not", "null", "or", "please", "required", "should", "string",
    "the", "this", "unknown", "value", "you", "your",
];
/// Words that come after the name of a key and are longer than most.
const LONG_WORDS: [&str; 5] = [
    "authentication",
    "authorization",
    "credentials",
    "organization",
    "permissions",
];

/// What the last words were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum After {
    #[default]
    Nothing,
    /// `Bearer`.
    Bearer,
    /// `cookie`.
    Cookie,
    /// `x-api-key`, `api_key`.
    Field,
    /// `host`, `pod`.
    Host,
    /// `project`, `account`.
    Id,
    /// `api-key`, `password`.
    Key,
    /// `organization`.
    Organization,
    /// `token`, `session`: more often a word than the name of a key.
    Token,
}

/// What the words before a token make of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    after: After,
    /// A colon or an equals sign came after the name.
    told: bool,
    /// An equals sign did.
    equals: bool,
    /// A quote stands right before the token.
    quoted: bool,
    /// The last word was `api` or the like.
    of_a_key: bool,
    /// Words since the name.
    words: u8,
}

impl Context {
    /// Nothing is expected any more.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    /// Takes what stands between two tokens.
    pub(super) fn gap(&mut self, gap: &str) {
        if gap.contains(['\n', ',', ';']) {
            self.over();
        }
        self.equals |= gap.contains('=');
        self.told |= self.equals;
        self.quoted = gap.ends_with(['"', '\'', '`']);
    }

    /// Whether a cookie begins here; `named` says that an equals sign follows the token.
    pub(super) fn is_cookie(&self, named: bool) -> bool {
        self.after == After::Cookie && (self.told || named)
    }

    /// Whether the token is a value that its name gives away.
    pub(super) fn takes(&self, token: &str) -> bool {
        if self.takes_value(token) {
            return true;
        }
        let mut rest = token;
        while let Some((name, value)) = rest.split_once(':') {
            let mut named = Self::default();
            named.word(name, ":");
            if named.after != After::Nothing {
                return named.takes_value(value);
            }
            rest = value;
        }
        false
    }

    fn takes_value(&self, token: &str) -> bool {
        let is_set = self.quoted || self.equals;
        match self.after {
            After::Nothing | After::Cookie => false,
            _ if token.is_empty() => false,
            After::Bearer => !is_word(token),
            After::Field | After::Key if is_scheme(token) => false,
            After::Field => self.told && !is_no_name(token) || secret::is_like(token),
            After::Key => {
                self.told && (is_set && token.len() >= 4 || !is_word(token))
                    || secret::is_like(token)
            }
            After::Token => self.told && secret::is_like(token),
            After::Host => is_id(token),
            After::Id => self.takes_id(token),
            After::Organization => self.takes_id(token) || self.words == 0 && is_name(token),
        }
    }

    fn takes_id(&self, token: &str) -> bool {
        let name = self.quoted || self.told && !is_no_name(token);
        is_id(token) || name && token.len() >= 3
    }

    /// Takes a token that stays; `end` are the points and colons behind it.
    pub(super) fn word(&mut self, core: &str, end: &str) {
        let told = end.contains(':');
        if core.is_empty() {
            self.told |= told;
        } else {
            let name: String = core.chars().take(64).collect();
            self.named(&name.to_ascii_lowercase(), told);
        }
        if end.contains('.') {
            self.over();
        }
    }

    fn named(&mut self, name: &str, told: bool) {
        let between = match self.after {
            After::Nothing => false,
            After::Bearer | After::Field | After::Key => {
                BETWEEN.contains(&name) || BEFORE_A_KEY.contains(&name)
            }
            _ => BETWEEN.contains(&name),
        };
        if between && self.words < 3 {
            self.words += 1;
            self.told |= told;
            return;
        }
        let after = if self.of_a_key && name == "key" {
            After::Key
        } else {
            after(name)
        };
        *self = Self {
            after,
            told,
            of_a_key: matches!(name, "access" | "api" | "secret" | "subscription"),
            ..Self::default()
        };
    }
}

fn after(name: &str) -> After {
    let id = name.strip_suffix("id").unwrap_or_default();
    let name = id.strip_suffix(['_', '-']).unwrap_or(name);
    let last = name.rsplit(['_', '-', '.', '/']).next().unwrap_or_default();
    match last {
        "bearer" => After::Bearer,
        "cookie" | "cookies" => After::Cookie,
        "apikey" | "authorization" | "passwd" | "password" | "pwd" | "secret" => After::Key,
        "key" if name != last => After::Field,
        "host" | "hostname" | "lookup" | "pod" => After::Host,
        "org" | "organisation" | "organization" => After::Organization,
        "account" | "project" | "subscription" | "tenant" | "workspace" => After::Id,
        "key" | "session" | "sessionid" | "sid" | "signature" | "token" => After::Token,
        _ => After::Nothing,
    }
}

/// Whether the token only says how a key is shown.
fn is_scheme(token: &str) -> bool {
    let schemes = ["basic", "bearer", "token"];
    schemes.iter().any(|word| token.eq_ignore_ascii_case(word))
}

fn is_no_name(token: &str) -> bool {
    NO_NAMES.contains(&token.to_ascii_lowercase().as_str())
}

/// Whether the token is a word and no key.
fn is_word(token: &str) -> bool {
    let mut rest = token.bytes().skip(1);
    let lower = rest.all(|b| b.is_ascii_lowercase());
    let upper = token.bytes().all(|b| b.is_ascii_uppercase());
    let first = token.starts_with(|c: char| c.is_ascii_alphabetic());
    first && (lower || upper) && token.len() <= 10
        || LONG_WORDS.contains(&token.to_ascii_lowercase().as_str())
}

/// Whether the token is an id and no word.
fn is_id(token: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
    let joined = token.trim_matches(['-', '_']).contains(['-', '_']);
    token.bytes().all(plain) && token.len() >= 4 && (joined || secret::has_digit(token))
}

/// Whether the token is a name such as `Acme`.
fn is_name(token: &str) -> bool {
    const WORDS: [&str; 6] = ["Admin", "Admins", "Level", "Owner", "Owners", "Settings"];
    let mut bytes = token.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && !WORDS.contains(&token)
}
