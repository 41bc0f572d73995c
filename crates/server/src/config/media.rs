//! Where images are kept (`CIRCADIA_MEDIA_URL`): a folder, or a bucket of an S3-compatible service.

use std::path::{Path, PathBuf};

use object_store::aws::AmazonS3ConfigKey;
use url::Url;

use super::environment::Environment;
use crate::media::client;

/// Where images are kept.
#[derive(Clone, Debug)]
pub enum MediaLocation {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket.
    Bucket(Bucket),
}

impl std::fmt::Display for MediaLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket(Bucket { name, prefix: Some(prefix), .. }) => write!(f, "s3://{name}/{prefix}"),
            Self::Bucket(Bucket { name, prefix: None, .. }) => write!(f, "s3://{name}"),
        }
    }
}

/// A bucket, and how to get at it.
#[derive(Clone)]
pub struct Bucket {
    pub(crate) name: String,
    /// What all keys in it begin with.
    pub(crate) prefix: Option<String>,
    /// The `AWS_*` variables.
    pub(crate) options: Vec<(AmazonS3ConfigKey, String)>,
}

impl std::fmt::Debug for Bucket {
    /// Without the options, which hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Bucket {
    /// Whether an endpoint without encryption is asked for.
    pub(crate) fn is_plain_http(&self) -> bool {
        let endpoints = [AmazonS3ConfigKey::Endpoint, AmazonS3ConfigKey::S3Endpoint];
        self.options.iter().any(|(key, value)| endpoints.contains(key) && value.starts_with("http://"))
    }
}

/// Names that may also be given as the file of a secret.
const SECRETS: [(&str, AmazonS3ConfigKey); 3] = [
    ("AWS_ACCESS_KEY_ID", AmazonS3ConfigKey::AccessKeyId),
    ("AWS_SECRET_ACCESS_KEY", AmazonS3ConfigKey::SecretAccessKey),
    ("AWS_SESSION_TOKEN", AmazonS3ConfigKey::Token),
];

fn location(text: &str) -> Result<MediaLocation, String> {
    let wrong = || "must be a URL such as `file:///var/lib/circadia/media` or `s3://bucket/prefix`".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    if url.query().is_some() || url.fragment().is_some() || url.password().is_some() || !url.username().is_empty() {
        return Err(
            "must have no user, password, query or fragment: what else a bucket needs is said in AWS_*".to_owned()
        );
    }
    match (url.scheme(), url.host_str()) {
        ("file", None) => Ok(MediaLocation::Folder(url.to_file_path().map_err(|()| wrong())?)),
        ("s3", Some(name)) if url.port().is_none() => {
            let prefix = url.path().trim_matches('/');
            let fine = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte))
                && prefix.split('/').all(|segment| segment != "." && segment != "..")
                && !prefix.contains("//");
            if !fine {
                return Err("has a prefix of other characters than letters, digits, `-`, `_`, `.` and `/`".to_owned());
            }
            let prefix = (!prefix.is_empty()).then(|| prefix.to_owned());
            Ok(MediaLocation::Bucket(Bucket { name: name.to_owned(), prefix, options: Vec::new() }))
        }
        _ => Err(wrong()),
    }
}

/// Reads where images are kept: a folder of the data folder unless something else is said.
pub(super) fn read(env: &mut Environment, data_dir: &Path) -> MediaLocation {
    read_location(env, "CIRCADIA_MEDIA_URL").unwrap_or_else(|| MediaLocation::Folder(data_dir.join("media")))
}

/// Reads a place for files, and what its bucket needs, if it is one.
pub(super) fn read_location(env: &mut Environment, name: &str) -> Option<MediaLocation> {
    let given = env.read(name, location);
    let Some(MediaLocation::Bucket(mut bucket)) = given else { return given };
    let known = env.starting_with("AWS_").filter_map(|(name, value)| Some((option(name)?, value.to_owned())));
    bucket.options = known.collect();
    for (name, key) in SECRETS {
        // The library's own name for it comes first, so that the value of a file is the one that counts.
        bucket.options.extend(env.read(name, |value| Ok((key, value.to_owned()))));
    }
    if let Err(reason) = client(&bucket) {
        env.refuse(format!("{name} can't be used with the AWS_* variables: {reason}"));
    }
    Some(MediaLocation::Bucket(bucket))
}

/// What buckets need that a command names. Files of secrets that can't be read are left out.
pub(super) fn bucket_options(env: &Environment) -> Vec<(AmazonS3ConfigKey, String)> {
    let known = env.starting_with("AWS_").filter_map(|(name, value)| Some((option(name)?, value.to_owned())));
    let files = SECRETS.into_iter().filter_map(|(name, key)| {
        let (_, path) = env.starting_with("AWS_").find(|(given, _)| given.strip_suffix("_FILE") == Some(name))?;
        Some((key, std::fs::read_to_string(path).ok()?.trim_end_matches(['\r', '\n']).to_owned()))
    });
    known.chain(files).collect()
}

impl MediaLocation {
    /// Reads what a command was given: a URL, or the path of a folder.
    ///
    /// # Errors
    /// What it must be.
    pub(crate) fn parse(text: &str, options: &[(AmazonS3ConfigKey, String)]) -> Result<Self, String> {
        if !text.contains("://") {
            let folder = std::path::absolute(text).map_err(|error| error.to_string())?;
            return Ok(Self::Folder(folder));
        }
        let given = location(text)?;
        Ok(match given {
            Self::Bucket(bucket) => Self::Bucket(Bucket { options: options.to_vec(), ..bucket }),
            Self::Folder(folder) => Self::Folder(folder),
        })
    }
}

/// The option of a variable. Names that mean nothing here belong to other programs.
fn option(name: &str) -> Option<AmazonS3ConfigKey> {
    let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse().ok()?;
    // The bucket is that of the URL.
    (key != AmazonS3ConfigKey::Bucket).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<MediaLocation, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut env = Environment::new(variables);
        let location = read(&mut env, Path::new("/data"));
        env.finish().map_err(|error| error.to_string())?;
        Ok(location)
    }

    #[test]
    fn images_are_kept_in_the_data_folder_unless_said_otherwise() {
        let folder = |variables: &[(&str, &str)]| match read_from(variables).unwrap() {
            MediaLocation::Folder(folder) => folder,
            MediaLocation::Bucket(bucket) => panic!("{bucket:?}"),
        };
        assert_eq!(folder(&[]), Path::new("/data/media"));
        assert_eq!(folder(&[("CIRCADIA_MEDIA_URL", "file:///srv/my%20images")]), Path::new("/srv/my images"));
        // Without a bucket, AWS_* is none of ours.
        assert_eq!(folder(&[("AWS_ENDPOINT_URL", "nonsense")]), Path::new("/data/media"));
    }

    #[test]
    fn a_bucket_takes_its_credentials_from_the_usual_variables() {
        let location = read_from(&[
            ("CIRCADIA_MEDIA_URL", "s3://images/circadia/media/"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"),
            ("AWS_PROFILE", "of another program"),
            ("AWS_BUCKET", "another"),
        ]);
        let MediaLocation::Bucket(bucket) = location.unwrap() else { panic!("a folder") };
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_deref()), ("images", Some("circadia/media")));
        assert!(bucket.is_plain_http());
        assert!(!format!("{bucket:?}").contains("hush"));
        let value = |key| bucket.options.iter().find(|(own, _)| *own == key).map(|(_, value)| value.as_str());
        assert_eq!(value(AmazonS3ConfigKey::SecretAccessKey), Some("hush"));
        assert_eq!(value(AmazonS3ConfigKey::Region), Some("eu-central-1"));
        assert_eq!(value(AmazonS3ConfigKey::Bucket), None);
        let MediaLocation::Bucket(bucket) = read_from(&[("CIRCADIA_MEDIA_URL", "s3://images")]).unwrap() else {
            panic!("a folder")
        };
        assert_eq!((bucket.prefix, bucket.options.len()), (None, 0));
    }

    #[test]
    fn what_can_not_be_used_is_told_without_secrets() {
        for wrong in [
            "media",
            "/var/media",
            "https://bucket.s3.amazonaws.com",
            "s3:///prefix",
            "s3://key:hush@images",
            "s3://images?key=hush",
            "s3://images:9000",
            "s3://images/a b",
            "s3://images/a//b",
            "gs://images",
            "file://host/media",
        ] {
            let told = read_from(&[("CIRCADIA_MEDIA_URL", wrong)]).unwrap_err();
            assert!(told.contains("CIRCADIA_MEDIA_URL") && !told.contains("hush"), "{wrong}: {told}");
        }
        let odd = [("CIRCADIA_MEDIA_URL", "s3://images"), ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "perhaps")];
        assert!(read_from(&odd).unwrap_err().contains("AWS_*"));
    }
}
