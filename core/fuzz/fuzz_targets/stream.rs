//! Any stream, in any split, gives the same bytes or the same failure.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sluice_core::answer::{Echo, Failure, Step, Stream};

fn run(chunks: &[&[u8]], asked: bool) -> Result<Vec<u8>, Failure> {
    let echo = Echo {
        raw_usage: asked,
        raw_response: asked,
        ..Echo::default()
    };
    let mut stream = Stream::new(asked, echo, Arc::default());
    let (mut waiting, mut out) = (Vec::new(), Vec::new());
    for (i, chunk) in chunks.iter().enumerate() {
        waiting.extend_from_slice(chunk);
        match stream.push(chunk, i + 1 == chunks.len()) {
            Step::Fail(failure) => return Err(failure),
            Step::Hold => continue,
            Step::Open(None) | Step::Pass => out.append(&mut waiting),
            Step::Open(Some(front)) | Step::Replace(front) => {
                out.extend(front.prefix);
                out.extend_from_slice(&waiting[front.covered..]);
            }
        }
        waiting.clear();
    }
    Ok(out)
}

fuzz_target!(|input: (u16, bool, &[u8])| {
    let (at, asked, bytes) = input;
    let whole = run(&[bytes], asked);
    let (a, b) = bytes.split_at(usize::from(at).min(bytes.len()));
    let split = run(&[a, b], asked);
    // What was said before an error in another chunk has left; in one chunk it had not.
    if let (Ok(whole), Ok(split)) = (whole, split) {
        assert_eq!(whole, split);
    }
});
