//! The attempts of a request, planned.

use std::rc::Rc;

use std::sync::Arc;

use sluice_core::gateway::Gateway;
use sluice_core::head::Head;
use sluice_core::health::{Board, Figures, Standing, Why};
use sluice_core::luck::Luck;
use sluice_core::plan::{Asked, Care, Plan, Wish};
use sluice_core::request::{Chat, Needs};

use super::gateway::{catalogue, gateway, request_head};
use super::request::rules;
use super::{NOW, SEED, Work, body, told};
use crate::bodies::Shape;

/// All that a plan is made with but the body.
pub(super) struct Planner {
    gateway: Arc<Gateway>,
    head: Head,
    board: Board,
}

impl Planner {
    /// With all providers in good health.
    pub(super) fn new(gateway: Arc<Gateway>, head: Head) -> Self {
        let board = Board::default();
        Self {
            gateway,
            head,
            board,
        }
    }

    /// The plan of a request: its headers read, its selector resolved, its candidates put in order.
    pub(super) fn plan(&self, chat: &Chat, body: &[u8]) -> Result<Plan, String> {
        let asked = Asked::read(&self.head, &self.gateway.config, None).map_err(told)?;
        let wish = Wish {
            selector: chat.model.as_deref().unwrap_or_default(),
            variant: None,
            routing: &chat.extras.routing,
            asked: &asked,
            needs: &|| Needs::read(chat, body),
            own: None,
        };
        let mut care = Care {
            board: &self.board,
            claim: &mut |_| true,
            now_ms: NOW,
        };
        Plan::new(&wish, &self.gateway, &mut care, &mut Luck::new(SEED)).map_err(told)
    }

    /// Plans for 10 KB with this selector; so many attempts must come of it.
    fn work(self, selector: &str, attempts: usize) -> Result<Work, String> {
        let body = body(Shape::Chat, 10_000, true);
        let mut chat = Chat::parse(&body, &rules(&self.gateway.config)).map_err(told)?;
        chat.model = Some(selector.to_owned());
        Ok(Work::new(0, move || {
            let plan = self.plan(&chat, &body)?;
            if plan.attempts.len() == attempts {
                Ok(attempts)
            } else {
                Err(format!("{} attempts", plan.attempts.len()))
            }
        }))
    }
}

pub(super) fn model() -> Result<Work, String> {
    Planner::new(gateway()?, request_head(&[])).work("gpt-4o-mini", 2)
}

pub(super) fn sequence() -> Result<Work, String> {
    let header = ("x-opengateway-failover-sequence", r#"["azure","openai"]"#);
    Planner::new(gateway()?, request_head(&[header])).work("gpt-4o-mini", 2)
}

pub(super) fn function() -> Result<Work, String> {
    Planner::new(gateway()?, request_head(&[])).work("ollm::function_name::draft", 3)
}

/// The first of the two is limited by its provider.
pub(super) fn cooling() -> Result<Work, String> {
    let mut planner = Planner::new(gateway()?, request_head(&[]));
    let standing = Standing::Cooling {
        until: NOW + 5_000,
        why: Why::RateLimited,
    };
    let key = "openai:gpt-4o-mini-2024-07-18".to_owned();
    planner.board.standings.insert(key, standing);
    planner.work("gpt-4o-mini", 1)
}

/// Every candidate has figures.
pub(super) fn auto() -> Result<Work, String> {
    let mut planner = Planner::new(catalogue()?, request_head(&[]));
    let keys = planner.gateway.config.keys();
    let figures = keys.into_iter().zip(0_u8..).map(|(key, i)| {
        let figures = Figures {
            success_rate: Some(1.0 - f64::from(i) / 100.0),
            latency_ms: Some(300.0 + f64::from(i) * 7.0),
            headroom: 1.0,
        };
        (key.to_owned(), figures)
    });
    planner.board.figures = Rc::new(figures.collect());
    planner.work("auto", 8)
}
