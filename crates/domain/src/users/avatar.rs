//! Profile images: which one a user has, and what its files are called.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The most bytes an uploaded image may have: 2 MiB.
pub const MAX_AVATAR_BYTES: usize = 2 * 1024 * 1024;

/// The format that an image is kept in, named by its file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AvatarFormat {
    Jpeg,
    /// For images with transparency.
    Png,
}

impl AvatarFormat {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// The sizes that each image is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AvatarSize {
    /// For a profile's page.
    Large,
    /// For lists.
    Small,
}

impl AvatarSize {
    pub const ALL: [Self; 2] = [Self::Large, Self::Small];

    /// The most pixels of a side. An image that has fewer isn't enlarged.
    pub const fn pixels(self) -> u32 {
        match self {
            Self::Large => 512,
            Self::Small => 128,
        }
    }
}

/// A user's image: an id that each upload gets anew and can't be guessed, and a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Avatar {
    id: Uuid,
    format: AvatarFormat,
}

impl Avatar {
    /// A new image, of 16 random bytes.
    pub const fn new(random: [u8; 16], format: AvatarFormat) -> Self {
        Self { id: uuid::Builder::from_random_bytes(random).into_uuid(), format }
    }

    /// Reads what is stored of an image: `<id>.jpg` or `<id>.png`. There is one way to write each.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, extension) = text.split_once('.')?;
        let format = AvatarFormat::ALL.into_iter().find(|format| format.extension() == extension)?;
        let avatar = Self { id: Uuid::try_parse(id).ok()?, format };
        (avatar.to_string() == text).then_some(avatar)
    }

    /// Its file of a size.
    pub const fn file(self, size: AvatarSize) -> AvatarFile {
        AvatarFile { avatar: self, size }
    }

    /// Its files.
    pub fn files(self) -> [AvatarFile; 2] {
        AvatarSize::ALL.map(|size| self.file(size))
    }
}

impl fmt::Display for Avatar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.format.extension())
    }
}

impl Serialize for Avatar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Avatar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no image's id and format"))
    }
}

/// A file of an image. Its name is the last segment of its URL: `<id>-512.jpg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AvatarFile {
    avatar: Avatar,
    size: AvatarSize,
}

impl AvatarFile {
    /// Reads a file's name. Whatever isn't exactly the name of such a file is none.
    pub fn parse(name: &str) -> Option<Self> {
        let (before, extension) = name.split_once('.')?;
        let (id, pixels) = before.rsplit_once('-')?;
        let size = AvatarSize::ALL.into_iter().find(|size| size.pixels().to_string() == pixels)?;
        Some(Avatar::parse(&format!("{id}.{extension}"))?.file(size))
    }

    /// Where the store keeps it.
    pub fn key(self) -> String {
        format!("avatars/{self}")
    }

    /// Where it is served, relative to the server's root.
    pub fn url(self) -> String {
        format!("/media/{}", self.key())
    }

    pub const fn format(self) -> AvatarFormat {
        self.avatar.format
    }
}

impl fmt::Display for AvatarFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { avatar: Avatar { id, format }, size } = self;
        write!(f, "{id}-{}.{}", size.pixels(), format.extension())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01234567-89ab-4def-8123-456789abcdef";

    fn avatar(format: AvatarFormat) -> Avatar {
        Avatar::new(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes(), format)
    }

    #[test]
    fn images_and_their_files_are_read_as_they_are_written() {
        assert_eq!(avatar(AvatarFormat::Jpeg).to_string(), format!("{ID}.jpg"));
        assert_eq!(avatar(AvatarFormat::Png).file(AvatarSize::Small).url(), format!("/media/avatars/{ID}-128.png"));
        for avatar in [avatar(AvatarFormat::Jpeg), avatar(AvatarFormat::Png)] {
            assert_eq!(Avatar::parse(&avatar.to_string()), Some(avatar));
            let json = serde_json::to_string(&avatar).unwrap();
            assert_eq!(serde_json::from_str::<Avatar>(&json).unwrap(), avatar);
            for file in avatar.files() {
                assert_eq!(AvatarFile::parse(&file.to_string()), Some(file));
            }
        }
    }

    #[test]
    fn nothing_else_is_the_name_of_a_file() {
        let good = format!("{ID}-512.jpg");
        assert!(AvatarFile::parse(&good).is_some());
        for wrong in [
            String::new(),
            format!("{ID}.jpg"),
            format!("{ID}-256.jpg"),
            format!("{ID}-0512.jpg"),
            format!("{ID}-+512.jpg"),
            format!("{ID}-512.jpeg"),
            format!("{ID}-512.svg"),
            format!("{ID}-512.JPG"),
            format!("{ID}-512.jpg.jpg"),
            format!("{ID}-512"),
            format!("{ID}-512.jpg/"),
            format!("../avatars/{good}"),
            format!("{good}%00"),
            format!("{good}\0"),
            format!(" {good}"),
            good.to_uppercase(),
            good.replace("89ab-", "89AB-"),
            good.replacen('-', "", 1),
            format!("{{{ID}}}-512.jpg"),
            "..".to_owned(),
            "%2e%2e%2fcircadia.db".to_owned(),
        ] {
            assert_eq!(AvatarFile::parse(&wrong), None, "{wrong:?}");
        }
    }
}
