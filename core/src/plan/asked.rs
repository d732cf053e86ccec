//! What the head of a request says of the route (W30).

use crate::config::{Config, STANDS_FOR};
use crate::endpoint::Own;
use crate::head::Head;
use crate::json::{Cursor, Kind};
use crate::near::quoted;
use crate::reject::Rejection;
use crate::wire;

/// The headers that speak of the route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `x-opengateway-failover-sequence`: the providers that may be tried, in order.
    pub sequence: Option<Vec<String>>,
    /// `x-gateway-force-provider`: the only provider.
    pub provider: Option<String>,
    /// `x-gateway-force-model`: a selector in the place of the body's.
    pub model: Option<String>,
}

impl Asked {
    /// Whether there is none.
    pub(super) fn is_nothing(&self) -> bool {
        let Self {
            sequence,
            provider,
            model,
        } = self;
        sequence.is_none() && provider.is_none() && model.is_none()
    }

    /// Reads them; an empty header is an absent one. `vllm` is the caller's own endpoint, where there
    /// is one (W33).
    ///
    /// # Errors
    ///
    /// [`Rejection::FailoverSequence`] for what is not a JSON array of names,
    /// [`Rejection::UnknownProvider`] for a name that is not configured, [`Rejection::HeaderTwice`]
    /// for a header that stands twice. Source: W30.
    pub fn read(head: &Head, config: &Config, own: Option<&Own>) -> Result<Self, Rejection> {
        let is_known =
            |name: &str| config.providers.contains_key(name) || own.is_some() && name == STANDS_FOR;
        let meant = |name: String| match own {
            Some(own) if name == STANDS_FOR => own.name().to_owned(),
            _ => name,
        };
        let once = |name| {
            head.once(name)
                .map_err(|header| Rejection::HeaderTwice { header })
        };
        let provider = once(wire::FORCE_PROVIDER)?;
        if let Some(name) = provider.filter(|name| !is_known(name)) {
            return Err(Rejection::UnknownProvider {
                header: wire::FORCE_PROVIDER,
                name: quoted(name).to_owned(),
            });
        }
        Ok(Self {
            sequence: sequence(once(wire::FAILOVER_SEQUENCE)?, is_known)?
                .map(|names| names.into_iter().map(meant).collect()),
            provider: provider.map(str::to_owned).map(meant),
            model: once(wire::FORCE_MODEL)?.map(str::to_owned),
        })
    }
}

fn sequence(
    header: Option<&str>,
    is_known: impl Fn(&str) -> bool,
) -> Result<Option<Vec<String>>, Rejection> {
    let Some(text) = header else { return Ok(None) };
    let (names, unknown) = names(text, is_known).ok_or(Rejection::FailoverSequence)?;
    match unknown {
        Some(name) => Err(Rejection::UnknownProvider {
            header: wire::FAILOVER_SEQUENCE,
            name,
        }),
        None => Ok(Some(names).filter(|names| !names.is_empty())),
    }
}

/// The providers of a JSON array, each once, and the first name that is none; `None` for what is no
/// array of strings.
fn names(text: &str, is_known: impl Fn(&str) -> bool) -> Option<(Vec<String>, Option<String>)> {
    let mut cursor = Cursor::new(text);
    let mut names: Vec<String> = Vec::new();
    let mut unknown = None;
    let mut all_strings = true;
    let read = cursor.array(|cursor, _| {
        if cursor.kind()? != Kind::String {
            all_strings = false;
            return cursor.pass();
        }
        let name = cursor.string()?.decode();
        if !is_known(&name) {
            unknown.get_or_insert_with(|| quoted(&name).to_owned());
        } else if !names.iter().any(|own| *own == name) {
            names.push(name.into_owned());
        }
        Ok(())
    });
    let whole = read.and_then(|_| cursor.end()).is_ok();
    (whole && all_strings).then_some((names, unknown))
}
