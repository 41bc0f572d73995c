//! Parameters of password hashes: ours, and the limits for imported ones.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};

/// Memory of one hash, in KiB (OWASP's first choice: 46 MiB, one pass, one lane).
const MEMORY_KIB: u32 = 46 * 1024;
/// Iterations.
const ITERATIONS: u32 = 1;
/// Parallel lanes.
const PARALLELISM: u32 = 1;
/// Length of the hash, in bytes.
pub(super) const HASH_BYTES: usize = 32;

/// Maximum cost of an imported hash, so that a stored string can't exhaust the server's memory or time. In KiB, and KiB
/// × iterations.
const MAX_MEMORY_KIB: u32 = 128 * 1024;
const MAX_WORK: u64 = 512 * 1024;
const MAX_PARALLELISM: u32 = 16;

/// The current parameters.
pub(super) fn current() -> argon2::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, PARALLELISM, Some(HASH_BYTES))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A stored hash with its parameters.
pub(super) struct StoredParameters {
    pub(super) argon: Argon2<'static>,
    pub(super) salt: Salt,
    pub(super) output: Output,
    /// Whether the current parameters are stronger.
    pub(super) is_weaker: bool,
}

/// Parses a PHC string; `None` if it isn't Argon2 or costs too much.
pub(super) fn read(phc: &str) -> Option<StoredParameters> {
    let stored = PasswordHash::new(phc).ok()?;
    let algorithm = Algorithm::new(stored.algorithm.as_str()).ok()?;
    let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?;
    let params = Params::try_from(&stored).ok()?;
    let (salt, output) = (stored.salt?, stored.hash?);
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > MAX_MEMORY_KIB
        || work > MAX_WORK
        || params.p_cost() > MAX_PARALLELISM
        || !params.keyid().is_empty()
    {
        return None;
    }
    let is_weaker = algorithm != Algorithm::Argon2id
        || version != Version::V0x13
        || params.m_cost() < MEMORY_KIB
        || params.t_cost() < ITERATIONS
        || output.len() < HASH_BYTES;
    Some(StoredParameters { argon: Argon2::new(algorithm, version, params), salt, output, is_weaker })
}

/// Writes a PHC string.
pub(super) fn write(argon: &Argon2<'_>, salt: &[u8], output: &[u8]) -> Option<String> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: argon.params().try_into().ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(Output::new(output).ok()?),
    };
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_hash_cannot_ask_for_gigabytes_or_minutes() {
        let phc = |m: u64, t: u64, p: u64| {
            format!("$argon2id$v=19$m={m},t={t},p={p}$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA")
        };
        assert!(read(&phc(47_104, 1, 1)).is_some());
        assert!(read(&phc(19_456, 2, 1)).is_some());
        assert!(read(&phc(65_536, 3, 4)).is_some());
        for (m, t, p) in
            [(4_194_304, 1, 1), (1_024, 1_000, 1), (131_072, 8, 1), (65_536, 1, 255), (4_294_967_296, 1, 1)]
        {
            assert!(read(&phc(m, t, p)).is_none(), "m={m} t={t} p={p}");
        }
    }

    #[test]
    fn what_is_no_argon2_hash_is_unknown() {
        for wrong in
            ["", "x", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=47104,t=1,p=1$c2FsdHNhbHRzYWx0", "plain"]
        {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_weaker_hash_is_known_as_such() {
        let phc = |kind: &str, m: u32| {
            format!("${kind}$v=19$m={m},t=1,p=1$c29tZXNhbHRzb21lc2FsdA$+SEZWhSvGYzl7DPRqyFB/2XTK0iiFaHbORI7KC4pEBg")
        };
        assert!(!read(&phc("argon2id", 47_104)).unwrap().is_weaker);
        assert!(read(&phc("argon2id", 19_456)).unwrap().is_weaker);
        assert!(read(&phc("argon2i", 47_104)).unwrap().is_weaker);
    }
}
