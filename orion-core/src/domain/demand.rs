//! What platforms demand of a video file, and which part of the picture their apps leave free: data with its sources.
//!
//! Figures change; those here are of November 2026. Where sources disagree the smaller figure stands. What an API tells
//! about itself (Mastodon's instance, Bluesky's upload limits, TikTok's creator info) wins over this table.

use super::Platform;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// What a file must be to be taken. Bounds are inclusive.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoDemands {
    /// Containers as [`MediaInfo`](crate::port::MediaInfo) names them.
    pub containers: &'static [&'static str],
    /// Video codecs.
    pub video_codecs: &'static [&'static str],
    /// Audio codecs.
    pub audio_codecs: &'static [&'static str],
    /// Bytes.
    pub bytes: RangeInclusive<u64>,
    /// Seconds.
    pub seconds: RangeInclusive<f64>,
    /// Frames per second.
    pub rate: RangeInclusive<f64>,
    /// Pixels of the width.
    pub width: RangeInclusive<u32>,
    /// Pixels of the height.
    pub height: RangeInclusive<u32>,
    /// Most pixels of a frame.
    pub most_pixels: u64,
    /// Width over height.
    pub aspect: RangeInclusive<f64>,
    /// Audio samples per second.
    pub sample_rate: RangeInclusive<u32>,
    /// Whether an MP4 file must have its index first.
    pub fast_start: bool,
    /// Whether an MP4 file may have edit lists.
    pub edit_lists: bool,
    /// Where the figures come from.
    pub source: &'static str,
}

const MP4: &[&str] = &["mp4", "mov"];
const H264: &[&str] = &["h264", "hevc"];
const KNOWN: &[&str] = &["h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "prores"];
const SPOKEN: &[&str] = &["aac", "mp3", "opus", "vorbis", "flac", "ac3", "pcm_s16le"];

impl VideoDemands {
    /// What plays everywhere: asked of every file for which no platform is named.
    pub const GENERAL: Self = Self {
        containers: &["mp4", "mov", "webm"],
        video_codecs: &["h264", "hevc", "vp9", "av1"],
        audio_codecs: &["aac", "opus", "mp3"],
        bytes: 0..=300_000_000,
        seconds: 0.5..=3600.0,
        rate: 23.0..=60.0,
        width: 360..=4096,
        height: 360..=4096,
        most_pixels: 4096 * 2304,
        aspect: 0.3..=3.0,
        sample_rate: 44_100..=48_000,
        fast_start: true,
        edit_lists: true,
        source: "what all platforms of this table but X take, and browsers play",
    };
}

impl Platform {
    /// What the platform demands of a file.
    pub fn demands(self) -> VideoDemands {
        let general = VideoDemands::GENERAL;
        match self {
            Self::YoutubeShorts => VideoDemands {
                // Square or taller, three minutes.
                seconds: 0.5..=180.0,
                aspect: 0.3..=1.0,
                ..Self::Youtube.demands()
            },
            Self::Youtube => VideoDemands {
                containers: &["mp4", "mov", "webm", "matroska", "mpegts", "avi"],
                video_codecs: KNOWN,
                audio_codecs: SPOKEN,
                bytes: 0..=256_000_000_000,
                // For channels that have not been verified.
                seconds: 0.5..=900.0,
                rate: 1.0..=60.0,
                width: 128..=8192,
                height: 128..=8192,
                most_pixels: 8192 * 4320,
                sample_rate: 8_000..=96_000,
                fast_start: false,
                source: "YouTube Data API v3, videos.insert; YouTube Help, recommended upload settings and Shorts",
                ..general
            },
            Self::Tiktok => VideoDemands {
                bytes: 0..=4_000_000_000,
                video_codecs: &["h264", "hevc", "vp8", "vp9"],
                seconds: 0.5..=600.0,
                most_pixels: 4096 * 4096,
                sample_rate: 8_000..=96_000,
                fast_start: false,
                source: "TikTok Content Posting API, media transfer guide",
                ..general
            },
            Self::InstagramReels => VideoDemands {
                containers: MP4,
                video_codecs: H264,
                audio_codecs: &["aac"],
                seconds: 3.0..=900.0,
                width: 128..=1920,
                height: 128..=4096,
                // Others are taken and shown with bars; 9:16 fills the screen.
                aspect: 0.01..=10.0,
                sample_rate: 8_000..=48_000,
                edit_lists: false,
                source: "Instagram Graph API, IG User media, reel specifications",
                ..general
            },
            Self::X => VideoDemands {
                containers: MP4,
                video_codecs: &["h264"],
                audio_codecs: &["aac"],
                bytes: 0..=512_000_000,
                seconds: 0.5..=140.0,
                rate: 1.0..=60.0,
                width: 32..=1280,
                height: 32..=1024,
                aspect: 1.0 / 3.0..=3.0,
                sample_rate: 8_000..=48_000,
                fast_start: false,
                source: "X API v2, media best practices",
                ..general
            },
            Self::Linkedin => VideoDemands {
                containers: &["mp4"],
                video_codecs: &["h264"],
                audio_codecs: &["aac"],
                bytes: 75_000..=500_000_000,
                seconds: 3.0..=1800.0,
                rate: 10.0..=60.0,
                width: 256..=4096,
                height: 144..=4096,
                aspect: 1.0 / 2.4..=2.4,
                sample_rate: 8_000..=96_000,
                fast_start: false,
                source: "LinkedIn Videos API",
                ..general
            },
            Self::Mastodon => VideoDemands {
                video_codecs: KNOWN,
                audio_codecs: SPOKEN,
                bytes: 0..=103_809_024,
                rate: 1.0..=120.0,
                width: 1..=8192,
                height: 1..=8192,
                most_pixels: 8_294_400,
                aspect: 0.01..=100.0,
                sample_rate: 8_000..=96_000,
                fast_start: false,
                source: "Mastodon API, the limits that instances advertise unless they were changed",
                ..general
            },
            Self::Bluesky => VideoDemands {
                containers: &["mp4"],
                video_codecs: H264,
                audio_codecs: &["aac", "mp3", "opus"],
                bytes: 0..=300_000_000,
                seconds: 0.5..=180.0,
                rate: 1.0..=60.0,
                width: 1..=4096,
                height: 1..=4096,
                aspect: 0.01..=100.0,
                sample_rate: 8_000..=96_000,
                fast_start: false,
                source: "AT Protocol, lexicon app.bsky.embed.video",
                ..general
            },
        }
    }

    /// The size of a still for the platform's listings, in pixels: what YouTube's help asks for (1280 by 720, 16:9), and
    /// the whole screen where videos are tall (contract, section 5.6).
    pub fn cover(self) -> (u32, u32) {
        match self {
            Self::YoutubeShorts | Self::Tiktok | Self::InstagramReels => (1080, 1920),
            Self::Youtube | Self::X | Self::Linkedin | Self::Mastodon | Self::Bluesky => (1280, 720),
        }
    }

    /// The part of a tall picture that the platform's app leaves free; the whole for those that draw beside it.
    pub fn safe_area(self) -> SafeArea {
        match self {
            Self::YoutubeShorts => SafeArea { top: 0.10, right: 0.10, bottom: 0.20, left: 0.045 },
            Self::Tiktok => SafeArea { top: 0.0675, right: 0.10, bottom: 0.20, left: 0.055 },
            Self::InstagramReels => SafeArea { top: 0.115, right: 0.10, bottom: 0.22, left: 0.06 },
            Self::Youtube | Self::X | Self::Linkedin | Self::Mastodon | Self::Bluesky => SafeArea::WHOLE,
        }
    }
}

/// Margins that an app covers with its own texts and buttons, as shares of the width and the height.
///
/// Platforms publish such margins for advertisements only, which carry more on top (Google Ads: 15 % above, 35 %
/// below, 18 % on the right; Meta: 14 %, 35 %, 6 %; TikTok gives templates). Over an ordinary post less is drawn: a
/// header, the account with the first line of its text, and a column of buttons about a tenth wide. The margins here
/// are of these, taken from overlays of 1080 by 1920 pixels that makers of such videos publish.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SafeArea {
    /// From the upper edge.
    pub top: f64,
    /// From the right edge.
    pub right: f64,
    /// From the lower edge.
    pub bottom: f64,
    /// From the left edge.
    pub left: f64,
}

impl SafeArea {
    /// Nothing is covered.
    pub const WHOLE: Self = Self { top: 0.0, right: 0.0, bottom: 0.0, left: 0.0 };

    /// What every platform leaves free.
    pub fn of_all() -> Self {
        Platform::ALL.iter().map(|platform| platform.safe_area()).fold(Self::WHOLE, |one, other| Self {
            top: one.top.max(other.top),
            right: one.right.max(other.right),
            bottom: one.bottom.max(other.bottom),
            left: one.left.max(other.left),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_takes_something() {
        for platform in Platform::ALL {
            let demands = platform.demands();
            assert!(demands.video_codecs.contains(&"h264") && demands.audio_codecs.contains(&"aac"), "{platform}");
            assert!(demands.containers.contains(&"mp4") && demands.rate.contains(&30.0), "{platform}");
            assert!(!demands.bytes.is_empty() && !demands.width.is_empty() && !demands.height.is_empty(), "{platform}");
            assert!(!demands.seconds.is_empty() && !demands.aspect.is_empty(), "{platform}");
            let area = platform.safe_area();
            assert!(area.left + area.right < 0.5 && area.top + area.bottom < 0.5, "{platform}");
        }
    }

    #[test]
    fn the_area_free_everywhere_is_the_smallest() {
        assert_eq!(SafeArea::of_all(), SafeArea { top: 0.115, right: 0.10, bottom: 0.22, left: 0.06 });
    }
}
