//! A body: parsed and validated, edited, and both with the plan between them.

use sluice_core::config::Config;
use sluice_core::dialect;
use sluice_core::json;
use sluice_core::request::{Chat, Rules, Upstream};
use sluice_core::route::Dialect;

use super::gateway::{gateway, request_head};
use super::plan::Planner;
use super::{Work, body, told};
use crate::bodies::Shape;

/// The rules of the OpenAI route.
pub(super) fn rules(config: &Config) -> Rules {
    Rules {
        dialect: Dialect::OpenAi,
        stop_sequences: config.defaults.limits.stop_sequences,
        unknown_fields: config.defaults.unknown_fields,
        default_model: config.defaults.model.is_some(),
    }
}

pub(super) fn parse(shape: Shape, len: usize) -> Result<Work, String> {
    let rules = rules(&gateway()?.config);
    let body = body(shape, len, true);
    Ok(Work::new(body.len(), move || {
        let chat = Chat::parse(&body, &rules).map_err(told)?;
        Ok(chat.prompt_bytes)
    }))
}

/// The edits of an attempt, and the prefix of the body that they change.
pub(super) fn edit(len: usize) -> Result<Work, String> {
    let gateway = gateway()?;
    let body = body(Shape::Chat, len, true);
    let chat = Chat::parse(&body, &rules(&gateway.config)).map_err(told)?;
    Ok(Work::new(body.len(), move || {
        let upstream = Upstream {
            model: "gpt-4o-mini-2024-07-18",
            cap_field: None,
        };
        let (prefix, covered) = json::apply(&body, &chat.edits(&upstream));
        Ok(prefix.len() + covered)
    }))
}

/// As far as the edits of the first attempt.
pub(super) fn whole(len: usize) -> Result<Work, String> {
    let gateway = gateway()?;
    let rules = rules(&gateway.config);
    let body = body(Shape::Chat, len, true);
    let planner = Planner::new(gateway, request_head(&[]));
    Ok(Work::new(body.len(), move || {
        let chat = Chat::parse(&body, &rules).map_err(told)?;
        let plan = planner.plan(&chat, &body)?;
        let first = plan.attempts.first().ok_or("no attempt")?;
        Ok(chat.edits(&dialect::upstream(&first.candidate)).len())
    }))
}
