//! Sources of randomness.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

/// A source of unpredictable random bytes.
pub trait Entropy: Send + Sync {
    /// Overwrites `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's randomness, through AWS-LC's generator.
#[derive(Debug, Clone, Default)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// The source; it has no state.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // AWS-LC aborts the process rather than continue without randomness, so this doesn't fail. If it ever did,
        // continuing with a buffer that isn't random would be unsafe.
        while self.0.fill(buffer).is_err() {
            std::thread::yield_now();
        }
    }
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_gives_other_bytes_each_time() {
        let entropy = SystemEntropy::new();
        assert_ne!(random::<32>(&entropy), random::<32>(&entropy));
    }
}
