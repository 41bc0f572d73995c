//! Test fixtures: seeded randomness, sequential ids and the repositories this crate needs, in memory.

mod store;

use std::sync::atomic::{AtomicU64, Ordering};

use circadia_domain::civil::Instant;
use circadia_domain::ids::IdSource;
use uuid::Uuid;

pub(crate) use self::store::InMemoryStore;
use crate::bytes::sha256;
use crate::entropy::Entropy;

/// A master key.
pub(crate) const MASTER: &str = "a master key that only the tests know";

/// The current time in tests: 2026-03-01T12:00:00Z.
pub(crate) const NOW: Instant = Instant::from_seconds(1_772_366_400);

/// Deterministic bytes derived from a seed.
pub(crate) struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
            let block = sha256(&[self.seed.to_be_bytes(), drawn.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A `UUIDv7` made from a small number.
pub(crate) fn id(number: u8) -> Uuid {
    let mut bytes = [0; 16];
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    bytes[15] = number;
    Uuid::from_bytes(bytes)
}

/// Sequential ids.
#[derive(Default)]
pub(crate) struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes[0] = 1;
        bytes[6] = 0x70;
        bytes[8] |= 0x80;
        Uuid::from_bytes(bytes)
    }
}
