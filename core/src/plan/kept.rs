//! Plans that are made once for all who ask for the same.

use std::sync::Arc;

use super::{By, Care, Plan, Wish};
use crate::gateway::Gateway;
use crate::luck::Luck;
use crate::reject::Rejection;
use crate::text::same;

/// Plans that are kept.
const MOST: usize = 16;

/// The last plans that nothing but the selector has decided: no other word of the caller's, no provider's health, no luck.
/// One gateway has one of these.
#[derive(Debug, Default)]
pub struct Kept {
    /// Selector and plan, oldest first.
    pub(super) last: Vec<(String, Arc<Plan>)>,
}

impl Kept {
    /// [`Plan::new`] without its reasons, which is made only once where it comes out the same.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::new`].
    pub fn plan(
        &mut self,
        wish: &Wish<'_>,
        gateway: &Gateway,
        care: &mut Care<'_>,
        luck: &mut Luck,
    ) -> Result<Arc<Plan>, Rejection> {
        let plain = wish.is_plain() && care.board.standings.is_empty();
        let mut last = self.last.iter().filter(|_| plain);
        if let Some((_, plan)) = last.find(|(selector, _)| same(selector, wish.selector)) {
            return Ok(Arc::clone(plan));
        }
        let plan = Plan::new(wish, gateway, care, luck)?;
        Ok(self.keep(plain, wish.selector, plan))
    }

    #[inline(never)] // it is seldom done
    fn keep(&mut self, plain: bool, selector: &str, mut plan: Plan) -> Arc<Plan> {
        plan.forget_reasons();
        let plan = Arc::new(plan);
        // Weights and scores come out otherwise the next time.
        let certain = |by| matches!(by, By::Model | By::Provider);
        if plain && plan.attempts.iter().all(|planned| certain(planned.by)) {
            if self.last.len() >= MOST {
                self.last.remove(0);
            }
            self.last.push((selector.to_owned(), Arc::clone(&plan)));
        }
        plan
    }
}

impl Wish<'_> {
    /// Whether nothing is asked but the selector.
    fn is_plain(&self) -> bool {
        let Self {
            selector: _,
            variant,
            routing,
            asked,
            needs: _, // `auto` alone looks at them
            own,
        } = self;
        variant.is_none() && own.is_none() && asked.is_nothing() && routing.is_nothing()
    }
}
