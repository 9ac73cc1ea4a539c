//! What is seen on the disk while it is being made, so that the program can be killed in the middle of it.

use crate::platform::Platform;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// Something that is half there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// A file on its way into the store.
    Blob,
    /// A video on its way out of the encoder.
    Render,
    /// A folder that is being published.
    Export,
}

impl Half {
    pub(crate) const ALL: [Self; 3] = [Self::Blob, Self::Render, Self::Export];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blob => "disk.blob.half",
            Self::Render => "disk.render.half",
            Self::Export => "disk.export.half",
        }
    }

    /// What is there of it now: files with something in them, under names that are not their last.
    pub(crate) fn there(self, platform: &Platform) -> Vec<PathBuf> {
        let entries = match self {
            Self::Blob => entries(&platform.data().join("blobs/parts")),
            Self::Render => entries(&platform.data().join("work")),
            Self::Export => {
                let all = entries(&platform.published()).into_iter();
                all.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect()
            }
        };
        let files = entries.into_iter().flat_map(|entry| match entry.path().is_dir() {
            true => self::entries(&entry.path()),
            false => vec![entry],
        });
        files.filter(|file| file.metadata().is_ok_and(|found| found.len() > 0)).map(|file| file.path()).collect()
    }
}

fn entries(folder: &Path) -> Vec<DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().collect()
}
