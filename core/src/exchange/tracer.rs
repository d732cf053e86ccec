//! Whether Envoy traces requests: its tracer writes `traceparent` between the two filters.

/// It is looked for in so many attempts …
const FIRST: u32 = 100;
/// … and from then on in one of so many, until it is there.
const EACH: u32 = 16;

/// What is known of a tracer of Envoy's. To look for what it writes costs 3 % of a small request, as Envoy makes an index of
/// all headers for that; one that is there writes to each request, sampled or not.
#[derive(Clone, Debug, Default)]
pub struct Tracer {
    attempts: u32,
    is_there: bool,
}

impl Tracer {
    /// Whether to look for it in the next attempt.
    pub(super) fn is_looked_for(&mut self) -> bool {
        self.attempts = self.attempts.wrapping_add(1);
        self.is_there || self.attempts <= FIRST || self.attempts.is_multiple_of(EACH)
    }

    /// It has written to a request whose caller had no trace.
    pub(super) fn found(&mut self) {
        self.is_there = true;
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w43_a_tracer_is_looked_for_at_first_and_now_and_then_until_it_is_there() {
        let mut tracer = Tracer::default();
        let looks = |tracer: &mut Tracer, times| {
            let looked = (0..times).filter(|_| tracer.is_looked_for());
            looked.count()
        };
        assert_eq!(looks(&mut tracer, 100), 100);
        assert_eq!(looks(&mut tracer, 160), 10);
        tracer.found();
        assert_eq!(looks(&mut tracer, 160), 160);
        tracer.attempts = u32::MAX;
        assert_eq!(looks(&mut tracer, 100), 100);
    }
}
