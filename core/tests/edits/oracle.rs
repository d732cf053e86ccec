//! What a provider may see of a body: the changes of the contract and no others (W16).
//!
//! | change | rule |
//! |---|---|
//! | `model` is the provider's name for it | W16 |
//! | the smaller of both token caps stands alone, under the provider's name | W13 |
//! | a stream asks for usage | W41 |
//! | `ollm::*`, `orq` and `project_id` are not there; nor are unknown fields, where they are dropped | W15 |

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sluice_core::config::CapField;
use sluice_core::request::Upstream;

use crate::body::UNKNOWN;
use crate::split::{Member, split};

/// What must stand in the place of a member.
enum Wanted<'a> {
    /// The same bytes.
    Same(Member<'a>),
    /// The same name, and this value.
    Value(Member<'a>, Value),
    /// The same name and an object that asks for usage and is else the same.
    Usage(Member<'a>),
}

/// A token cap that is given: its name and value.
type Given = (String, f64);

/// Compares what was sent with what came.
pub(crate) fn judge(
    body: &str,
    sent: &str,
    upstream: &Upstream<'_>,
    drop: bool,
) -> Result<(), String> {
    let json = serde_json::from_str::<IgnoredAny>(sent);
    json.map_err(|error| format!("not JSON: {error}"))?;
    let (came, went) = (split(body), split(sent));
    ensure(came.before == went.before, "something else before")?;
    ensure(came.after == went.after, "something else after")?;
    let has = |name: &str| came.members.iter().any(|member| member.name() == name);
    let streams = came
        .members
        .iter()
        .any(|member| member.name() == "stream" && member.value == "true");
    let cap = cap(&came.members, upstream.cap_field);

    let mut wanted = Vec::new();
    let mut places = Vec::new();
    for member in &came.members {
        let name = member.name();
        match name.as_str() {
            "orq" | "project_id" => {}
            name if name.starts_with("ollm::") => {}
            _ if drop && unknown(&name) => {}
            "max_tokens" | "max_completion_tokens" if cap.is_some() => places.push(wanted.len()),
            "model" if decoded(member) != json!(upstream.model) => {
                wanted.push(Wanted::Value(*member, json!(upstream.model)));
            }
            "stream_options" if streams => wanted.push(Wanted::Usage(*member)),
            _ => wanted.push(Wanted::Same(*member)),
        }
    }
    let untouched = wanted.len() == came.members.len()
        && has("model")
        && (has("stream_options") || !streams)
        && wanted.iter().all(|wanted| is_there_already(wanted));
    if untouched {
        return ensure(body == sent, "nothing had to change");
    }

    let mut left = went.members;
    if !has("model") {
        added(&mut left, "model", &json!(upstream.model))?;
    }
    if streams && !has("stream_options") {
        added(&mut left, "stream_options", &json!({"include_usage": true}))?;
    }
    if let Some(cap) = cap {
        let at = left.iter().position(is_cap).ok_or("no token cap")?;
        ensure(places.contains(&at), "the token cap moved")?;
        let found = left.remove(at);
        let value = found.value.parse().unwrap_or(f64::NAN);
        ensure(value == cap.1, "another token cap")?;
        ensure(
            cap.0.is_empty() || cap.0 == found.name(),
            "a cap of another name",
        )?;
    }
    ensure(left.len() == wanted.len(), "a member too many or too few")?;
    for (wanted, found) in wanted.iter().zip(&left) {
        is_as_wanted(wanted, found).map_err(|why| format!("{}: {why}", found.text))?;
    }
    Ok(())
}

/// The token cap that must stand alone, its name empty where either is taken; `None` when the caps
/// are to stay as they are (W13).
fn cap(members: &[Member<'_>], taken: Option<CapField>) -> Option<Given> {
    let given: Vec<Given> = members
        .iter()
        .filter(|member| is_cap(member) && member.value != "null")
        .map(|member| (member.name(), member.value.parse().unwrap()))
        .collect();
    let taken = match taken {
        None => String::new(),
        Some(CapField::MaxTokens) => "max_tokens".to_owned(),
        Some(CapField::MaxCompletionTokens) => "max_completion_tokens".to_owned(),
    };
    match given.as_slice() {
        [] => None,
        [(name, _)] if taken.is_empty() || *name == taken => None,
        [(_, value)] => Some((taken, *value)),
        [(_, a), (_, b), ..] => Some((taken, a.min(*b))),
    }
}

fn is_cap(member: &Member<'_>) -> bool {
    ["max_tokens", "max_completion_tokens"].contains(&member.name().as_str())
}

/// Unknown fields are those whose name begins so, here.
fn unknown(name: &str) -> bool {
    name.trim_start_matches('"').starts_with(UNKNOWN)
}

/// A value that is meant; null where it cannot be held, as half of a surrogate pair cannot.
fn decoded(member: &Member<'_>) -> Value {
    serde_json::from_str(member.value).unwrap_or_default()
}

/// Takes out the one member that was not there before.
fn added(members: &mut Vec<Member<'_>>, name: &str, value: &Value) -> Result<(), String> {
    let at = members.iter().position(|member| member.name() == name);
    let found = members.remove(at.ok_or_else(|| format!("no {name}"))?);
    ensure(decoded(&found) == *value, "another value in what was added")
}

fn is_there_already(wanted: &Wanted<'_>) -> bool {
    match wanted {
        Wanted::Same(_) => true,
        Wanted::Value(..) => false,
        Wanted::Usage(member) => {
            let is_asked =
                |option: &Member<'_>| option.name() == "include_usage" && option.value == "true";
            member.value != "null" && split(member.value).members.iter().any(is_asked)
        }
    }
}

fn is_as_wanted(wanted: &Wanted<'_>, found: &Member<'_>) -> Result<(), String> {
    match wanted {
        Wanted::Same(member) => ensure(member.text == found.text, "other bytes"),
        Wanted::Value(member, value) => {
            ensure(member.front == found.front, "other bytes in its name")?;
            ensure(*value == decoded(found), "another value")
        }
        Wanted::Usage(member) if is_there_already(wanted) => {
            ensure(member.text == found.text, "other bytes")
        }
        Wanted::Usage(member) => {
            ensure(member.front == found.front, "other bytes in its name")?;
            let (came, went) = if member.value == "null" {
                (Vec::new(), split(found.value).members)
            } else {
                (split(member.value).members, split(found.value).members)
            };
            let usage = |member: &&Member<'_>| member.name() == "include_usage";
            let asked: Vec<_> = went
                .iter()
                .filter(usage)
                .map(|member| member.value)
                .collect();
            ensure(asked == ["true"], "usage is not asked for once")?;
            let others = |members: &[Member<'_>]| {
                let others = members.iter().filter(|member| !usage(member));
                others
                    .map(|member| member.text.to_owned())
                    .collect::<Vec<_>>()
            };
            ensure(others(&came) == others(&went), "other options")
        }
    }
}

fn ensure(holds: bool, why: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}
