//! What the health of the candidates does to a plan (W36).

use std::sync::Arc;

use super::{Plan, Reason};
use crate::health::{Board, Claim, Standing, Why};
use crate::sorted;

/// How the candidates stand, and the claim of a probe.
pub struct Care<'a> {
    /// How all of them stand.
    pub board: &'a Board,
    /// Claims the probe of a half-open candidate by its key; `false` when another request has it.
    pub claim: &'a mut dyn FnMut(&str) -> bool,
    /// Unix milliseconds.
    pub now_ms: u64,
}

/// Puts what is ready first, then what another request is trying out, then what failed again and
/// again: it may still be the only one that answers. What is limited by its provider is left, and
/// where nothing but cooling candidates is there, all of them are.
pub(super) fn order(plan: &mut Plan, care: &mut Care<'_>) {
    if care.board.standings.is_empty() {
        return;
    }
    let mut ready = Vec::new();
    let mut probed = Vec::new();
    let mut cooling = Vec::new();
    for planned in std::mem::take(&mut plan.attempts) {
        match care.board.standing(&planned.candidate.key) {
            Standing::Ready | Standing::HalfOpen => ready.push(planned),
            Standing::Probing => probed.push(planned),
            Standing::Cooling { until, why } => cooling.push((until, why, planned)),
        }
    }
    // Only who goes first tries a half-open one out.
    while let Some(first) = ready.first()
        && care.board.standing(&first.candidate.key) == Standing::HalfOpen
    {
        let (key, at) = (Arc::clone(&first.candidate.key), care.now_ms);
        if (care.claim)(&key) {
            plan.claimed = Some(Claim { key, at });
            break;
        }
        probed.push(ready.remove(0));
    }
    ready.append(&mut probed);
    let last_resort = !ready.is_empty();
    sorted::by_key(&mut cooling, |(until, ..)| u128::from(*until));
    for (until, why, planned) in cooling {
        if last_resort && why == Why::Failures {
            ready.push(planned);
        } else {
            let reason = Reason::Cooling { until, why };
            plan.leave(&planned.model, &planned.candidate.provider, reason);
        }
    }
    plan.attempts = ready;
}
