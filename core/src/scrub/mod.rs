//! A provider's own words, made fit for a caller (W60, W61).
//!
//! Text → the text without keys, ids of accounts, cookies, URLs, host names, addresses and control
//! characters. It is read token by token, as white space, quotes and brackets part them; a token
//! stays as it is or goes as a whole. The time it takes grows with the length and no faster.

mod context;
mod place;
mod secret;

use std::fmt;

use context::Context;

/// Characters that a caller gets of a message.
const LONGEST: usize = 2000;
/// Characters of it that are looked at.
const READ: usize = 8 * LONGEST;
/// What stands in the place of what goes.
const GONE: &str = "[redacted]";
/// Below this a configured secret is no secret but a word, such as `none`.
const SECRET: usize = 8;

/// What is a provider's own and must not reach a caller.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Private {
    secret: Option<String>,
    /// Its host as configured, without a port.
    host: String,
}

/// A secret is in no log.
impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Private").finish_non_exhaustive()
    }
}

impl Private {
    /// Of a provider with this secret, where the gateway knows it, and this `:authority`.
    #[must_use]
    pub fn new(secret: Option<&str>, authority: &str) -> Self {
        let secret = secret.map(str::trim).filter(|text| text.len() >= SECRET);
        Self {
            secret: secret.map(str::to_owned),
            host: place::without_port(authority).to_owned(),
        }
    }

    /// A message for the caller: at most 2000 characters, none of them a control character.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let mut clean: String = text.chars().filter_map(visible).collect();
        if let Some(secret) = &self.secret {
            clean = clean.replace(secret, GONE);
        }
        if let Some((end, _)) = clean.char_indices().nth(READ) {
            // A token that is cut is not known any more.
            let read = clean.get(..end).unwrap_or_default();
            clean.truncate(read.rfind(is_gap).unwrap_or_default());
        }
        self.walk(&clean)
    }

    fn walk(&self, text: &str) -> String {
        let mut out = Out::default();
        let mut context = Context::default();
        let mut rest = text;
        while !rest.is_empty() && out.chars < LONGEST {
            let (gap, after) = cut(rest, |c| !is_gap(c));
            out.push(gap);
            let (letter, after) = escaped(gap, after);
            out.push(letter);
            context.gap(gap);
            rest = self.token(after, &mut context, &mut out);
        }
        out.text.chars().take(LONGEST).collect()
    }

    /// Takes the token at the front, and gives what follows it.
    fn token<'a>(&self, rest: &'a str, context: &mut Context, out: &mut Out) -> &'a str {
        let (token, after) = cut(rest, is_gap);
        if token.is_empty() {
            return after;
        }
        if context.is_cookie(after.starts_with('=')) {
            // Its attributes are as many and as odd as its maker likes.
            out.push(GONE);
            context.over();
            return cut(rest, |c| c == '\n').1;
        }
        if let Some(at) = place::url_start(token) {
            let (before, url) = rest.split_at_checked(at).unwrap_or(("", rest));
            self.word(before, context, out);
            let (url, after) = cut(url, place::ends_url);
            out.push(GONE);
            out.push(cut_end(url, ".,:;!?)]}"));
            context.over();
            return after;
        }
        self.word(token, context, out);
        after
    }

    fn word(&self, token: &str, context: &mut Context, out: &mut Out) {
        let end = cut_end(token, ".:");
        let core = token.strip_suffix(end).unwrap_or(token);
        if context.takes(core) || secret::is_in(core) || place::is_in(token, &self.host) {
            out.push(GONE);
            out.push(end);
            context.over();
        } else {
            out.push(token);
            context.word(core, end);
        }
    }
}

/// What leaves, and its length.
#[derive(Default)]
struct Out {
    text: String,
    chars: usize,
}

impl Out {
    fn push(&mut self, text: &str) {
        self.chars += text.chars().count();
        let text = text.chars().map(|c| if c == '\n' { ' ' } else { c });
        self.text.extend(text);
    }
}

/// The character as it is read on; line breaks stay for the cookies' sake.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        // Nothing is seen of these, but they part a word, or turn the line around.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2060}'..='\u{206f}' | '\u{feff}' => None,
        _ if c.is_control() => Some(' '),
        _ => Some(c),
    }
}

/// Whether the character stands between tokens.
fn is_gap(c: char) -> bool {
    !c.is_ascii_graphic() || "\"'`(){}<>,;|=\\&?!#$^".contains(c)
}

/// The letter of an escape such as `\n`, in a message that holds JSON as text.
fn escaped<'a>(gap: &str, after: &'a str) -> (&'a str, &'a str) {
    let is_one = gap.ends_with('\\') && after.starts_with(['n', 'r', 't']);
    after
        .split_at_checked(usize::from(is_one))
        .unwrap_or(("", after))
}

/// The text before the first such character, and the rest.
fn cut(text: &str, at: impl Fn(char) -> bool) -> (&str, &str) {
    let at = text.find(at).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// The run of these characters at the end.
fn cut_end<'a>(text: &'a str, of: &str) -> &'a str {
    let core = text.trim_end_matches(|c| of.contains(c));
    text.get(core.len()..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
