//! How much room there is on a disk, so that work that needs some waits for it.

use std::path::Path;

/// How a disk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes that this process may still write.
    pub(crate) free: u64,
    /// Whether it can only be read.
    pub(crate) read_only: bool,
}

impl Room {
    /// The disk of a folder; nothing if the system does not say.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        // A folder that is not made yet will lie on the disk of the one around it.
        let there = folder.ancestors().find(|folder| folder.exists())?;
        let space = rustix::fs::statvfs(there).ok()?;
        let read_only = space.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
        Some(Self { free: space.f_bavail.saturating_mul(space.f_frsize), read_only })
    }

    /// Whether there is at least so much of it.
    pub(crate) fn has(self, bytes: u64) -> bool {
        !self.read_only && self.free >= bytes
    }

    /// Whether there is more now than there was then.
    pub(crate) fn has_grown_since(self, then: Self) -> bool {
        const MORE: u64 = 256 << 10;
        (then.read_only && !self.read_only) || self.free >= then.free.saturating_add(MORE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_seen_also_for_what_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::of(&folder.path().join("not/there/yet")).unwrap();
        assert!(room.free > 0 && !room.read_only && room.has(room.free) && !room.has(room.free + 1));
        assert!(!room.has_grown_since(room));
        assert!(
            room.has_grown_since(Room { free: 0, ..room }) && room.has_grown_since(Room { read_only: true, ..room })
        );
        assert!(!Room { read_only: true, ..room }.has(0));
    }
}
