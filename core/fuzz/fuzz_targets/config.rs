//! Any configuration is read or refused, as JSON or as protobuf.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_core::config::Config;

fuzz_target!(|bytes: &[u8]| {
    if let Err(faults) = Config::parse(bytes) {
        assert!(!faults.is_empty());
    }
});
