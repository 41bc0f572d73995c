//! The encryption of backups, in the format of <https://age-encryption.org>: the tool `age` reads and writes it, too.

use std::io::{self, Read, Write};
use std::str::FromStr as _;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, Identity, scrypt, x25519};

use super::BackupError;

/// What a file begins with that is encrypted.
const MAGIC: &[u8] = b"age-encryption.org/";

/// The logarithm of how often scrypt goes round: 32 MiB of memory for a moment. Secrets are long here, and needn't be
/// stretched as passwords that people remember.
const WORK: u8 = 15;
/// The most that is done for a file of another program: 1 GiB.
const MAX_WORK: u8 = 20;

/// What backups are encrypted with.
#[derive(Clone)]
pub(crate) enum BackupKey {
    /// A secret text encrypts and decrypts.
    Passphrase(SecretString),
    /// `AGE-SECRET-KEY-1…` decrypts, and its public half encrypts.
    Identity(Box<x25519::Identity>),
    /// `age1…` only encrypts.
    Recipient(Box<x25519::Recipient>),
}

impl std::fmt::Debug for BackupKey {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackupKey(..)")
    }
}

impl BackupKey {
    /// # Errors
    /// What a key must be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("AGE-SECRET-KEY-1") {
            let identity = x25519::Identity::from_str(text).map_err(|_| "isn't a whole `AGE-SECRET-KEY-1…`")?;
            return Ok(Self::Identity(Box::new(identity)));
        }
        if text.starts_with("age1") {
            let recipient = x25519::Recipient::from_str(text).map_err(|_| "isn't a whole `age1…`")?;
            return Ok(Self::Recipient(Box::new(recipient)));
        }
        if text.len() < 32 {
            return Err("must have at least 32 characters, or be an `AGE-SECRET-KEY-1…` or an `age1…`".to_owned());
        }
        Ok(Self::Passphrase(SecretString::from(text.to_owned())))
    }

    /// Whether it opens what it encrypted.
    pub(crate) const fn decrypts(&self) -> bool {
        !matches!(self, Self::Recipient(_))
    }

    fn encryptor(&self) -> Result<Encryptor, BackupError> {
        let made = match self {
            Self::Passphrase(secret) => {
                let mut recipient = scrypt::Recipient::new(secret.clone());
                recipient.set_work_factor(WORK);
                Encryptor::with_recipients(std::iter::once::<&dyn age::Recipient>(&recipient))
            }
            Self::Identity(identity) => {
                Encryptor::with_recipients(std::iter::once::<&dyn age::Recipient>(&identity.to_public()))
            }
            Self::Recipient(recipient) => {
                Encryptor::with_recipients(std::iter::once::<&dyn age::Recipient>(recipient.as_ref()))
            }
        };
        made.map_err(|error| BackupError::Unusable(format!("the key of backups can't be used: {error}")))
    }
}

/// Writes a file, encrypted if there is a key.
pub(crate) enum Sealing<W: Write> {
    Plain(W),
    Sealed(age::stream::StreamWriter<W>),
}

impl<W: Write> Sealing<W> {
    pub(crate) fn new(key: Option<&BackupKey>, inner: W) -> Result<Self, BackupError> {
        let Some(key) = key else { return Ok(Self::Plain(inner)) };
        let writer = key.encryptor()?.wrap_output(inner).map_err(|error| BackupError::writing(&error))?;
        Ok(Self::Sealed(writer))
    }

    /// Writes what makes it whole.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(inner) => Ok(inner),
            Self::Sealed(writer) => writer.finish(),
        }
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(bytes),
            Self::Sealed(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.flush(),
            Self::Sealed(writer) => writer.flush(),
        }
    }
}

/// Reads a file, whose key is given if it is encrypted.
pub(crate) fn open<'a>(key: Option<&BackupKey>, mut file: impl Read + 'a) -> Result<Box<dyn Read + 'a>, BackupError> {
    let mut start = Vec::with_capacity(MAGIC.len());
    let length = u64::try_from(MAGIC.len()).unwrap_or(0);
    file.by_ref().take(length).read_to_end(&mut start).map_err(|error| BackupError::reading(&error))?;
    let is_sealed = start == MAGIC;
    let whole = io::Cursor::new(start).chain(file);
    let identity: Box<dyn Identity> = match (is_sealed, key) {
        (false, None) => return Ok(Box::new(whole)),
        (false, Some(_)) => {
            return Err(BackupError::Unusable(
                "this backup isn't encrypted, and CIRCADIA_BACKUP_KEY is set: somebody else may have put it there. If \
                 you trust it, unset the key"
                    .to_owned(),
            ));
        }
        (true, None) => {
            return Err(BackupError::Unusable("this backup is encrypted: set CIRCADIA_BACKUP_KEY".to_owned()));
        }
        (true, Some(BackupKey::Recipient(_))) => {
            return Err(BackupError::Unusable(
                "CIRCADIA_BACKUP_KEY is a public key, which only encrypts: set the `AGE-SECRET-KEY-1…` that belongs to it"
                    .to_owned(),
            ));
        }
        (true, Some(BackupKey::Passphrase(secret))) => {
            let mut identity = scrypt::Identity::new(secret.clone());
            identity.set_max_work_factor(MAX_WORK);
            Box::new(identity)
        }
        (true, Some(BackupKey::Identity(identity))) => Box::new(identity.as_ref().clone()),
    };
    let opened = Decryptor::new(whole).and_then(|decryptor| decryptor.decrypt(std::iter::once(identity.as_ref())));
    match opened {
        Ok(reader) => Ok(Box::new(reader)),
        Err(DecryptError::Io(error)) => Err(BackupError::reading(&error)),
        Err(DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed) => {
            Err(BackupError::Unusable("this backup was encrypted with another key than CIRCADIA_BACKUP_KEY".to_owned()))
        }
        Err(error) => Err(BackupError::Damaged(format!("its encryption can't be read: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of more than 32 characters";

    fn sealed(key: Option<&BackupKey>, content: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::new(key, Vec::new()).unwrap();
        sealing.write_all(content).unwrap();
        sealing.finish().unwrap()
    }

    fn opened(key: Option<&BackupKey>, file: &[u8]) -> Result<Vec<u8>, String> {
        let mut content = Vec::new();
        open(key, file).map_err(|error| error.to_string())?.read_to_end(&mut content).map_err(|e| e.to_string())?;
        Ok(content)
    }

    #[test]
    fn every_kind_of_key_opens_what_it_sealed() {
        let content: Vec<u8> = (0..=255).cycle().take(200_000).collect();
        let identity = x25519::Identity::generate();
        let public = BackupKey::parse(&identity.to_public().to_string()).unwrap();
        let private = BackupKey::Identity(Box::new(identity));
        let secret = BackupKey::parse(SECRET).unwrap();
        for key in [&private, &secret] {
            let file = sealed(Some(key), &content);
            assert!(file.starts_with(MAGIC));
            assert_eq!(opened(Some(key), &file).unwrap(), content);
        }
        let file = sealed(Some(&public), &content);
        assert_eq!(opened(Some(&private), &file).unwrap(), content);
        assert!(!public.decrypts() && opened(Some(&public), &file).unwrap_err().contains("only encrypts"));
        assert_eq!(opened(None, &sealed(None, &content)).unwrap(), content);
    }

    #[test]
    fn other_keys_and_altered_files_are_refused() {
        let (key, other) = (BackupKey::parse(SECRET).unwrap(), BackupKey::parse(&SECRET.replace('a', "b")).unwrap());
        let file = sealed(Some(&key), &vec![7; 200_000]);
        assert!(opened(Some(&other), &file).unwrap_err().contains("another key"));
        assert!(opened(Some(&BackupKey::Identity(Box::new(x25519::Identity::generate()))), &file).is_err());
        assert!(opened(None, &file).unwrap_err().contains("set CIRCADIA_BACKUP_KEY"));
        assert!(opened(Some(&key), &sealed(None, b"plain")).unwrap_err().contains("isn't encrypted"));
        let key = BackupKey::Identity(Box::new(x25519::Identity::generate()));
        let file = sealed(Some(&key), &vec![7; 200_000]);
        for place in [30, 150, file.len() / 2, file.len() - 1] {
            let mut altered = file.clone();
            altered[place] ^= 1;
            assert!(opened(Some(&key), &altered).is_err(), "{place}");
        }
        for length in [0, 10, 100, 300, file.len() / 2, file.len() - 1] {
            assert!(opened(Some(&key), &file[..length]).is_err() || length < MAGIC.len(), "{length}");
        }
    }

    #[test]
    fn keys_that_are_no_keys_are_refused() {
        for wrong in ["short", "AGE-SECRET-KEY-1QQQQ", "age1qqqq"] {
            assert!(BackupKey::parse(wrong).is_err(), "{wrong}");
        }
        assert!(!format!("{:?}", BackupKey::parse(SECRET).unwrap()).contains("secret"));
    }
}
