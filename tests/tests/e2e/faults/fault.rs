//! What a fault is: how the first provider misbehaves, and what must become of the request.

use sluice_core::spend::Outcome;
use sluice_tests::{Answer, Behind, Chat, Protocol};

use crate::expect::MODEL;

/// Tokens of the first provider's answer.
const TOKENS: usize = 60;
/// Tokens that the first provider says it used, of the prompt and of the answer.
pub(super) const FIRST_USED: (u64, u64) = (100, 60);
/// The same of the second.
pub(super) const SECOND_USED: (u64, u64) = (200, 3);

/// Something that goes wrong at the first provider.
pub(super) struct Fault {
    /// Its name in the table.
    pub(super) name: &'static str,
    /// How it comes about.
    pub(super) way: Way,
    /// What becomes of a plain request.
    pub(super) plain: End,
    /// What becomes of a streamed one.
    pub(super) streamed: End,
}

/// How a fault comes about.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// It answers so: plain, streamed.
    Answers(Protocol, Box<[Answer; 2]>),
    /// There is no connection to it.
    Never(Behind),
}

/// What must become of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// The second provider answers; the first's status and outcome are told.
    Second(Option<u16>, Outcome),
    /// The first answers, and the caller has all that it said.
    First,
    /// The first breaks off after so many tokens; `[DONE]` does not come.
    Broken(usize, Break),
}

/// What the caller sees of an answer that breaks off.
#[derive(Clone, Copy, Debug)]
pub(super) enum Break {
    /// A last event with an error of this code.
    Event(&'static str),
    /// A reset, because the provider's was cut.
    Reset,
    /// A reset, because the provider said nothing more in time.
    Stall,
}

impl Fault {
    /// A fault in answers over HTTP/1.1.
    pub(super) fn new(name: &'static str, plain: (Answer, End), streamed: (Answer, End)) -> Self {
        Self::over(Protocol::Http1, name, plain, streamed)
    }

    /// A fault in answers over a protocol.
    pub(super) fn over(
        protocol: Protocol,
        name: &'static str,
        plain: (Answer, End),
        streamed: (Answer, End),
    ) -> Self {
        let gated = match streamed.1 {
            // The fault waits until the caller has the tokens before it.
            End::Broken(tokens, _) => streamed.0.gate_after(tokens + 1),
            End::First | End::Second(..) => streamed.0,
        };
        Self {
            name,
            way: Way::Answers(protocol, Box::new([plain.0, gated])),
            plain: plain.1,
            streamed: streamed.1,
        }
    }

    /// A fault that is the same whatever was asked for.
    pub(super) fn same(name: &'static str, answer: &Answer, end: End) -> Self {
        Self::new(name, (answer.clone(), end), (answer.clone(), end))
    }

    /// A provider that no connection leads to.
    pub(super) fn never(name: &'static str, behind: Behind) -> Self {
        let end = End::Second(None, Outcome::Failed);
        Self {
            name,
            way: Way::Never(behind),
            plain: end,
            streamed: end,
        }
    }

    /// What must become of the request.
    pub(super) fn end(&self, stream: bool) -> End {
        if stream { self.streamed } else { self.plain }
    }
}

impl Way {
    /// The answer of the first provider.
    pub(super) fn answer(&self, stream: bool) -> Option<&Answer> {
        match self {
            Self::Answers(_, answers) => Some(&answers[usize::from(stream)]),
            Self::Never(_) => None,
        }
    }

    /// What must stand behind the first provider's cluster for it.
    pub(super) fn behind(&self) -> Behind {
        match self {
            Self::Answers(protocol, _) => Behind::Provider(*protocol, Box::default()),
            Self::Never(behind) => behind.clone(),
        }
    }
}

/// A token of the first provider's answer; each has four bytes.
pub(super) fn token(n: usize) -> String {
    format!("w{n:02} ")
}

/// What the first provider says where nothing goes wrong.
pub(super) fn first() -> Chat {
    let chat = Chat {
        deltas: (1..=TOKENS).map(token).collect(),
        ..Chat::default()
    };
    chat.used(FIRST_USED.0, FIRST_USED.1)
}

/// What the second provider says.
pub(super) fn second() -> Chat {
    Chat::of(&["from ", "the ", "second"]).used(SECOND_USED.0, SECOND_USED.1)
}

/// The first provider's plain answer.
pub(super) fn plain() -> Answer {
    first().plain(MODEL)
}

/// The first provider's stream; piece `n + 1` is what follows `n` tokens.
pub(super) fn stream() -> Answer {
    first().stream(MODEL, true)
}
