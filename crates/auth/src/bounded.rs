//! A bounded concurrent map whose maintenance never scans.
//!
//! Each shard has a young and an old generation. Entries are inserted into the young one. When that is full, or old
//! enough by the caller's measure, it becomes the old one, and the previous old one is dropped as a whole. Looking up
//! an entry of the old generation moves it to the young one.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::bytes::Bytes32;

const SHARDS: usize = 16;

#[derive(Debug)]
struct Generations<V> {
    young: HashMap<Bytes32, V>,
    old: HashMap<Bytes32, V>,
}

impl<V> Generations<V> {
    fn new() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }

    fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

/// The map. Keys are hashes, so they are evenly distributed.
#[derive(Debug)]
pub(crate) struct Bounded<V> {
    shards: Vec<RwLock<Generations<V>>>,
    /// Capacity of one generation of one shard.
    room: usize,
}

impl<V: Copy> Bounded<V> {
    /// A map that holds at most `capacity` entries (but at least two per shard).
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            shards: std::iter::repeat_with(|| RwLock::new(Generations::new())).take(SHARDS).collect(),
            room: (capacity / SHARDS / 2).max(1),
        }
    }

    fn shard(&self, key: &Bytes32) -> Option<&RwLock<Generations<V>>> {
        let [first, ..] = key;
        self.shards.get(usize::from(*first) % SHARDS)
    }

    /// The value of a key. Lookups run concurrently.
    pub(crate) fn get(&self, key: &Bytes32) -> Option<V> {
        let shard = self.shard(key)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.young.get(key).or_else(|| shard.old.get(key)).copied()
    }

    /// Inserts or replaces a value.
    pub(crate) fn insert(&self, key: Bytes32, value: V) {
        self.update(key, |_| (value, ()));
    }

    /// Atomically replaces a key's value by the one that `change` returns, and returns the other result of `change`.
    pub(crate) fn update<T>(&self, key: Bytes32, change: impl FnOnce(Option<V>) -> (V, T)) -> Option<T> {
        let mut shard = self.shard(&key)?.write().unwrap_or_else(PoisonError::into_inner);
        let before = shard.young.get(&key).or_else(|| shard.old.get(&key)).copied();
        let (after, said) = change(before);
        if shard.young.len() >= self.room && !shard.young.contains_key(&key) {
            shard.age();
        }
        shard.young.insert(key, after);
        Some(said)
    }

    /// Removes a key.
    pub(crate) fn remove(&self, key: &Bytes32) {
        if let Some(shard) = self.shard(key) {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.young.remove(key);
            shard.old.remove(key);
        }
    }

    /// Makes the young generation the old one and drops the previous old one.
    pub(crate) fn age(&self) {
        for shard in &self.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).age();
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *shard.write().unwrap_or_else(PoisonError::into_inner) = Generations::new();
        }
    }

    /// The number of entries.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| {
                let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
                shard.young.len() + shard.old.len()
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::sha256;

    #[test]
    fn it_never_outgrows_its_capacity() {
        let map = Bounded::new(1_000);
        for n in 0..20_000_u32 {
            map.insert(sha256(&n.to_be_bytes()), n);
            assert_eq!(map.get(&sha256(&n.to_be_bytes())), Some(n));
        }
        assert!(map.len() <= 1_000, "{}", map.len());
        assert!(map.len() >= 400, "{}", map.len());
    }

    #[test]
    fn what_is_updated_survives_ageing_and_what_is_not_is_forgotten() {
        let map = Bounded::new(1_000);
        map.insert(sha256(b"a"), 1);
        map.insert(sha256(b"b"), 1);
        map.age();
        assert_eq!(map.update(sha256(b"a"), |before| (before.unwrap() + 1, ())), Some(()));
        map.age();
        assert_eq!(map.get(&sha256(b"a")), Some(2));
        assert_eq!(map.get(&sha256(b"b")), None);
    }
}
