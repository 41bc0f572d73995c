//! Any bytes: decoded or refused without a panic; what is decoded encodes to something that decodes to the same.
//! Run with `cargo +nightly fuzz run history -- -max_total_time=60`.

#![no_main]

use circadia_domain::habits::History;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(history) = History::decode(data) {
        assert_eq!(History::decode(&history.encode()), Ok(history.clone()));
        let _ = (history.last_day(), history.is_empty());
    }
});
