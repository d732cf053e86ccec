#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::health::{Limits, sample};

fn take(ring: &mut Ring, outcomes: &str, now: u64) -> Vec<Option<Why>> {
    let one = |letter| {
        let mut sample = sample(letter == '.', now);
        sample.limited = letter == 'l';
        ring.take(&[sample], &Health::default(), now)
    };
    outcomes.chars().map(one).collect()
}

#[test]
fn w36_failures_in_a_row_begin_a_rest() {
    let mut ring = Ring::default();
    let (none, cooldown) = (None, Some(Why::Failures));
    assert_eq!(
        take(&mut ring, "xx.xxx", 10),
        [none, none, none, none, none, cooldown]
    );
    // Those are not counted again.
    assert_eq!(take(&mut ring, "xxx", 20), [none, none, cooldown]);
    assert_eq!(
        take(&mut ring, "xxl", 30),
        [none, none, Some(Why::RateLimited)]
    );
}

#[test]
fn w36_all_that_was_gathered_is_taken() {
    let mut ring = Ring::default();
    let samples = [true, true, false, false, false].map(|answered| sample(answered, 0));
    let why = ring.take(&samples, &Health::default(), 0);
    assert_eq!((why, ring.total()), (Some(Why::Failures), 5));
    assert_eq!(ring.figures(0).success_rate, Some(0.4));
    assert_eq!(ring.take(&[], &Health::default(), 0), None);
}

#[test]
fn w36_the_row_must_be_within_the_window() {
    let mut ring = Ring::default();
    assert_eq!(take(&mut ring, "x", 0), [None]);
    assert_eq!(take(&mut ring, "x", 59_000), [None]);
    assert_eq!(take(&mut ring, "x", 61_000), [None]);
    assert_eq!(take(&mut ring, "x", 119_000), [Some(Why::Failures)]);
}

#[test]
fn w36_seven_of_ten_begin_a_rest() {
    let mut ring = Ring::default();
    let told = take(&mut ring, "..........xx.xx.xx.", 0);
    assert!(told.iter().all(Option::is_none), "6 of 10");
    assert_eq!(take(&mut ring, "x", 0), [Some(Why::Failures)]);
    assert_eq!(
        take(&mut ring, ".x", 0),
        [None, None],
        "they are not counted again"
    );
}

#[test]
fn w36_an_attempt_from_before_a_rest_is_not_judged() {
    let mut ring = Ring::default();
    ring.forgive(1_000);
    for _ in 0..10 {
        let late = sample(false, 999);
        assert_eq!(ring.take(&[late], &Health::default(), 2_000), None);
    }
    assert_eq!(ring.figures(0).success_rate, Some(0.0));
    assert_eq!(take(&mut ring, "xx.", 2_000), [None; 3]);
    ring.forgive(3_000);
    assert_eq!(take(&mut ring, "xx", 3_000), [None; 2]);
}

#[test]
fn w36_a_row_that_is_less_than_half_of_the_last_ten_is_chance() {
    let mut ring = Ring::default();
    let told = take(&mut ring, "..........xxxx", 0);
    assert!(told.iter().all(Option::is_none), "4 of 10");
    assert_eq!(take(&mut ring, "x", 0), [Some(Why::Failures)]);
    let mut ring = Ring::default();
    assert_eq!(take(&mut ring, "....xxx", 0), [None; 7], "3 of 7");
    assert_eq!(take(&mut ring, "x", 0), [Some(Why::Failures)]);
    // One of twenty fails, and three of them in a row.
    let mut ring = Ring::default();
    let now_and_then = format!("{}xxx", ".".repeat(57)).repeat(20);
    let told = take(&mut ring, &now_and_then, 0);
    assert!(told.iter().all(Option::is_none));
}

#[test]
fn w36_one_broken_connection_is_one_failure() {
    let fails = |ring: &mut Ring, unconnected, began, now| {
        let mut sample = sample(false, began);
        sample.unconnected = unconnected;
        ring.take(&[sample], &Health::default(), now)
    };
    let mut ring = Ring::default();
    for began in 0..50 {
        assert_eq!(fails(&mut ring, true, began, 100), None, "{began}");
    }
    assert_eq!(ring.figures(100).success_rate, Some(0.0), "they are known");
    // What began since is another's, and a status is each one's own.
    assert_eq!(fails(&mut ring, true, 100, 110), None);
    assert_eq!(fails(&mut ring, true, 109, 120), None);
    assert_eq!(fails(&mut ring, true, 110, 130), Some(Why::Failures));
    let mut ring = Ring::default();
    let told = [100, 100, 100].map(|now| fails(&mut ring, false, 0, now));
    assert_eq!(told, [None, None, Some(Why::Failures)]);
}

#[test]
fn w36_a_clock_that_is_set_back_does_not_blind_a_ring() {
    let mut ring = Ring::default();
    take(&mut ring, "xxx", 1_000_000);
    let mut unconnected = sample(false, 10);
    unconnected.unconnected = true;
    let rules = Health::default();
    assert_eq!(ring.take(&[unconnected.clone()], &rules, 20), None);
    unconnected.began = 20;
    assert_eq!(ring.take(&[unconnected.clone()], &rules, 30), None);
    unconnected.began = 30;
    assert_eq!(ring.take(&[unconnected.clone()], &rules, 40), None);
    unconnected.began = 40;
    assert_eq!(ring.take(&[unconnected], &rules, 50), Some(Why::Failures));
}

#[test]
fn w36_the_last_hundred_are_kept() {
    let mut ring = Ring::default();
    assert_eq!(ring.figures(0), Figures::default());
    for latency_ms in 0..250 {
        let mut sample = sample(latency_ms % 4 > 0, 0);
        sample.latency_ms = latency_ms;
        ring.take(&[sample], &Health::default(), 5);
    }
    let figures = ring.figures(5);
    assert_eq!(figures.success_rate, Some(0.75));
    assert!(
        figures
            .latency_ms
            .is_some_and(|mean| (198.0..202.0).contains(&mean))
    );
    assert_eq!((ring.unreported().count(), ring.total()), (100, 250));
    ring.reported(240);
    assert_eq!(ring.unreported().count(), 10);
    assert_eq!(ring.unreported().last(), Some((true, 249)));
    ring.reported(999);
    assert_eq!(ring.unreported().count(), 0);
}

#[test]
fn w36_headroom_has_an_end() {
    let mut ring = Ring::default();
    let mut sample = sample(true, 0);
    let limits = Limits {
        retry_after_ms: None,
        headroom: Some(30),
        headroom_ms: 50,
    };
    sample.limits = Some(limits);
    ring.take(&[sample.clone()], &Health::default(), 100);
    assert_eq!((ring.headroom(149), ring.headroom(150)), (Some(30), None));
    assert_eq!(
        (ring.figures(100).headroom, ring.figures(150).headroom),
        (0.3, 1.0)
    );
    sample.limits = Some(Limits {
        headroom: None,
        ..limits
    });
    ring.take(&[sample], &Health::default(), 100);
    assert_eq!(ring.headroom(149), Some(30), "nothing was told");
}

#[test]
fn w36_a_ring_is_read_as_it_was_written() {
    let mut ring = Ring::default();
    take(&mut ring, ".x.xxx..", 77);
    assert_eq!(Ring::read(Some(&ring.write())), ring);
    let whole = ring.write();
    for end in 0..whole.len() {
        let cut = Ring::read(Some(&whole[..end]));
        assert!(cut.attempts.len() < ring.attempts.len());
    }
    assert_eq!(Ring::read(None), Ring::default());
    assert_eq!(Ring::read(Some(&[0xff; 99])), Ring::default());
    let long = [whole.clone(), vec![0; 13 * 200]].concat();
    assert_eq!(Ring::read(Some(&long)).attempts.len(), LAST);
}
