//! The store of images: a folder, or a bucket of an S3-compatible service.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use circadia_app::media::{MediaFailure, MediaStore, MediaWriter, PendingMedia};
use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, ClientOptions, GetResultPayload, ObjectStore, ObjectStoreExt as _, RetryConfig, WriteMultipart,
};

use crate::config::{Bucket, MediaLocation};
use crate::server::StartError;

/// How long an operation may take, with its repetitions.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests to a bucket may take.
#[derive(Debug, Clone, Copy)]
struct RequestTimeouts {
    connect: Duration,
    request: Duration,
    /// How often a request that failed is repeated.
    retries: usize,
    /// A request with its repetitions.
    all: Duration,
}

const FOR_IMAGES: RequestTimeouts =
    RequestTimeouts { connect: Duration::from_secs(2), request: Duration::from_secs(5), retries: 2, all: TIMEOUT };
const FOR_LARGE_FILES: RequestTimeouts = RequestTimeouts {
    connect: Duration::from_secs(10),
    request: Duration::from_mins(5),
    retries: 8,
    all: Duration::from_mins(15),
};

/// Bytes of a part of a large file. Services want all parts but the last to be of one size.
const PART: usize = 8 << 20;
/// Parts that are sent at a time.
const PARTS_AT_ONCE: usize = 2;

/// Files in a folder or a bucket.
#[derive(Debug)]
pub(crate) struct Media {
    store: Arc<dyn ObjectStore>,
    /// The same, for files that are large.
    large: Arc<dyn ObjectStore>,
}

/// Opens the configured store. A bucket isn't asked for anything yet.
///
/// # Errors
/// [`StartError::Media`].
pub(crate) fn open(location: &MediaLocation) -> Result<Arc<dyn MediaStore>, StartError> {
    let of = |timeouts| store(location, timeouts).map_err(StartError::Media);
    Ok(Arc::new(Media { store: of(FOR_IMAGES)?, large: of(FOR_LARGE_FILES)? }))
}

/// The store of files that are large, and that no request waits for: requests to a bucket may take their time.
///
/// # Errors
/// What is wrong with the folder or the options.
pub(crate) fn store_of_large_files(location: &MediaLocation) -> Result<Arc<dyn ObjectStore>, String> {
    store(location, FOR_LARGE_FILES)
}

fn store(location: &MediaLocation, timeouts: RequestTimeouts) -> Result<Arc<dyn ObjectStore>, String> {
    Ok(match location {
        MediaLocation::Folder(folder) => {
            let unusable = |reason: String| format!("the folder {}: {reason}", folder.display());
            std::fs::create_dir_all(folder).map_err(|error| unusable(error.to_string()))?;
            let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| unusable(error.to_string()))?;
            // What a row of the database refers to is on the disk before the row is.
            Arc::new(store.with_fsync(true))
        }
        MediaLocation::Bucket(bucket) => {
            let store = client_with(bucket, timeouts)?;
            match &bucket.prefix {
                Some(prefix) => Arc::new(PrefixStore::new(store, prefix.as_str())),
                None => Arc::new(store),
            }
        }
    })
}

/// The client of a bucket.
///
/// # Errors
/// What is wrong with the options.
pub(crate) fn client(bucket: &Bucket) -> Result<AmazonS3, String> {
    client_with(bucket, FOR_IMAGES)
}

fn client_with(bucket: &Bucket, timeouts: RequestTimeouts) -> Result<AmazonS3, String> {
    let client = ClientOptions::new()
        .with_timeout(timeouts.request)
        .with_connect_timeout(timeouts.connect)
        // Such an endpoint is meant.
        .with_allow_http(bucket.is_plain_http());
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        ..BackoffConfig::default()
    };
    let options = bucket.options.iter().cloned();
    let builder = options.fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
    builder
        .with_bucket_name(&bucket.name)
        .with_client_options(client)
        .with_retry(RetryConfig { backoff, max_retries: timeouts.retries, retry_timeout: timeouts.all })
        .build()
        .map_err(|error| error.to_string())
}

impl Media {
    /// What an operation gives within the time it may take.
    async fn within_time<T>(operation: impl Future<Output = object_store::Result<T>>) -> Result<T, Failure> {
        match tokio::time::timeout(TIMEOUT, operation).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(object_store::Error::NotFound { .. })) => Err(Failure::NotFound),
            Ok(Err(error)) => Err(Failure::Other(error.to_string())),
            Err(_) => Err(Failure::Other(format!("it took more than {} s", TIMEOUT.as_secs()))),
        }
    }
}

enum Failure {
    NotFound,
    Other(String),
}

impl From<Failure> for MediaFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            // Such as a bucket that doesn't exist.
            Failure::NotFound => Self("it isn't there".to_owned()),
            Failure::Other(reason) => Self(reason),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` passes")]
fn failure(error: object_store::Error) -> MediaFailure {
    MediaFailure(error.to_string())
}

/// Copies what a bucket sends into a file that has no name.
async fn copy(
    mut stream: futures_util::stream::BoxStream<'static, object_store::Result<actix_web::web::Bytes>>,
) -> Result<File, MediaFailure> {
    let broken = |error: std::io::Error| MediaFailure(format!("a copy of it can't be written: {error}"));
    let mut file = tempfile::tempfile().map_err(broken)?;
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(failure)?;
        let write = move || file.write_all(&bytes).map(|()| file);
        file = tokio::task::spawn_blocking(write)
            .await
            .map_err(|error| MediaFailure(error.to_string()))?
            .map_err(broken)?;
    }
    Ok(file)
}

/// A large file that is being stored.
struct LargeFile(Option<WriteMultipart>);

impl MediaWriter for LargeFile {
    fn write(&mut self, bytes: Vec<u8>) -> PendingMedia<'_, ()> {
        Box::pin(async move {
            let Some(writer) = &mut self.0 else { return Err(MediaFailure("it has ended".to_owned())) };
            writer.wait_for_capacity(PARTS_AT_ONCE).await.map_err(failure)?;
            writer.put(bytes.into());
            Ok(())
        })
    }

    fn finish(&mut self) -> PendingMedia<'_, ()> {
        Box::pin(async move {
            let Some(writer) = self.0.take() else { return Err(MediaFailure("it has ended".to_owned())) };
            writer.finish().await.map(drop).map_err(failure)
        })
    }

    fn abort(&mut self) -> PendingMedia<'_, ()> {
        Box::pin(async move {
            match self.0.take() {
                Some(writer) => writer.abort().await.map_err(failure),
                None => Ok(()),
            }
        })
    }
}

impl MediaStore for Media {
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> PendingMedia<'a, ()> {
        Box::pin(async move {
            Self::within_time(self.store.put(&Path::from(key), content.into())).await?;
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> PendingMedia<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let path = Path::from(key);
            let read = async { self.store.get(&path).await?.bytes().await };
            match Self::within_time(read).await {
                Ok(content) => Ok(Some(content.into())),
                Err(Failure::NotFound) => Ok(None),
                Err(failure) => Err(failure.into()),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> PendingMedia<'a, ()> {
        Box::pin(async move {
            match Self::within_time(self.store.delete(&Path::from(key))).await {
                Ok(()) | Err(Failure::NotFound) => Ok(()),
                Err(failure) => Err(failure.into()),
            }
        })
    }

    fn begin<'a>(&'a self, key: &'a str) -> PendingMedia<'a, Box<dyn MediaWriter>> {
        Box::pin(async move {
            let begun = self.large.put_multipart(&Path::from(key)).await.map_err(failure)?;
            let writer = WriteMultipart::new_with_chunk_size(begun, PART);
            let file: Box<dyn MediaWriter> = Box::new(LargeFile(Some(writer)));
            Ok(file)
        })
    }

    fn open<'a>(&'a self, key: &'a str) -> PendingMedia<'a, Option<File>> {
        Box::pin(async move {
            let found = match self.large.get(&Path::from(key)).await {
                Ok(found) => found,
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(failure(error)),
            };
            match found.payload {
                GetResultPayload::File(file, _) => Ok(Some(file)),
                GetResultPayload::Stream(stream) => copy(stream).await.map(Some),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_keeps_files_until_they_are_deleted() {
        let folder = std::env::temp_dir().join(format!("circadia-media-{}", std::process::id()));
        let store = open(&MediaLocation::Folder(folder.clone())).unwrap();
        let key = "avatars/a-512.jpg";
        assert_eq!(store.get(key).await.unwrap(), None);
        store.delete(key).await.unwrap();
        for content in [b"one".to_vec(), b"two".to_vec()] {
            store.put(key, content.clone()).await.unwrap();
            assert_eq!(store.get(key).await.unwrap(), Some(content));
        }
        assert_eq!(std::fs::read(folder.join(key)).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.join("avatars")).unwrap().count(), 1, "something was left behind");
        store.delete(key).await.unwrap();
        assert_eq!(store.get(key).await.unwrap(), None);
        // What isn't a folder any more can't be used, and isn't taken for an empty one.
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "a file").unwrap();
        assert!(store.put(key, b"three".to_vec()).await.is_err());
        assert!(store.get(key).await.is_err());
        std::fs::remove_file(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_bucket_that_can_not_be_reached_is_told_in_time() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        let options =
            [("aws_endpoint_url", endpoint.as_str()), ("aws_access_key_id", "a"), ("aws_secret_access_key", "b")];
        let options = options.map(|(name, value)| (name.parse().unwrap(), value.to_owned()));
        let bucket = Bucket { name: "images".to_owned(), prefix: None, options: options.to_vec() };
        let store = open(&MediaLocation::Bucket(bucket)).unwrap();
        let begun = std::time::Instant::now();
        let failure = store.get("avatars/a-512.jpg").await.unwrap_err();
        assert!(begun.elapsed() < TIMEOUT, "{failure}");
    }
}
