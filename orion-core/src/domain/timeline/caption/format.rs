//! Cues as SRT, WebVTT and ASS.
//!
//! The text of a cue comes from strangers. Whatever could end a cue, open a tag or start a command in one of the
//! formats is written so that a player shows it and does not obey it.

use super::super::{Canvas, CaptionPosition, CaptionStyle, Captions, Cue};
use super::{JOINT, joined};
use crate::MediaTime;
use std::fmt::Write;

/// Captions as SubRip: `HH:MM:SS,mmm`, numbered from one.
pub fn to_srt(cues: &[Cue]) -> String {
    let mut file = String::new();
    for (number, cue) in (1..).zip(cues) {
        // A zero-width space breaks what players take for a tag or an arrow; SubRip has no escape.
        let text =
            line(&joined(&cue.words)).replace("-->", "--\u{200B}>").replace('<', "<\u{200B}").replace('{', "{\u{200B}");
        let _ = write!(file, "{number}\n{} --> {}\n{text}\n\n", clock(cue.start, ','), clock(cue.end, ','));
    }
    file
}

/// Captions as WebVTT.
pub fn to_vtt(cues: &[Cue]) -> String {
    let mut file = "WEBVTT\n\n".to_owned();
    for (number, cue) in (1..).zip(cues) {
        let text = line(&joined(&cue.words)).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(file, "{number}\n{} --> {}\n{text}\n\n", clock(cue.start, '.'), clock(cue.end, '.'));
    }
    file
}

/// Captions as Advanced SubStation Alpha with a karaoke fill per word.
pub fn to_ass(captions: &Captions, canvas: &Canvas) -> String {
    let style = &captions.style;
    let height = f64::from(canvas.height);
    let (alignment, margin) = match style.position {
        CaptionPosition::Centre => (5, 0.0),
        CaptionPosition::LowerThird => (2, (1.0 - canvas.caption_band().1) * height),
    };
    let side = (1.0 - CaptionStyle::WIDTH) / 2.0 * f64::from(canvas.width);
    let mut file = format!(
        "[Script Info]\nScriptType: v4.00+\nPlayResX: {}\nPlayResY: {}\nWrapStyle: 0\nScaledBorderAndShadow: yes\n\
         YCbCr Matrix: TV.709\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, \
         OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, \
         Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n\
         Style: Default,Inter,{:.0},{},{},&H00000000,&H00000000,-1,0,0,0,100,100,0,0,1,{:.1},0,{alignment},\
         {side:.0},{side:.0},{margin:.0},1\n\n\
         [Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
        canvas.width,
        canvas.height,
        style.size * canvas.type_height(),
        // A word has the secondary colour until it is spoken and the primary one from then on.
        ass_colour(style.highlight),
        ass_colour(style.fill),
        style.outline * canvas.type_height(),
    );
    for cue in &captions.cues {
        let _ = write!(file, "Dialogue: 0,{},{},Default,,0,0,0,,", ass_clock(cue.start), ass_clock(cue.end));
        let mut reached = centiseconds(cue.start);
        for (index, word) in cue.words.iter().enumerate() {
            let (start, end) = (centiseconds(word.start), centiseconds(word.end));
            if start > reached {
                let _ = write!(file, "{{\\k{}}}", start - reached);
            }
            // Differences of rounded times, so that rounding never adds up.
            let text = ass_text(style.cased(&word.text).trim_end_matches(JOINT));
            let space = if index > 0 && joined(&cue.words[index - 1..=index]).contains(' ') { " " } else { "" };
            let _ = write!(file, "{space}{{\\kf{}}}{text}", (end - start.max(reached)).max(0));
            reached = end.max(reached);
        }
        file.push('\n');
    }
    file
}

impl CaptionStyle {
    /// Share of the canvas width that captions may fill, in the middle: clear of the platforms' buttons.
    pub const WIDTH: f64 = 0.80;

    /// A word as this style shows it.
    pub fn cased(&self, word: &str) -> String {
        if self.uppercase { crate::text::capitals(word) } else { word.to_owned() }
    }
}

impl Canvas {
    /// Upper and lower edge of captions in the lower third, as shares of the height: above the apps' own texts in tall
    /// videos, further down in others, which have none.
    pub const fn caption_band(&self) -> (f64, f64) {
        if self.is_tall() { (0.60, 0.78) } else { (0.74, 0.92) }
    }

    /// The height that sizes of captions are shares of: that of the canvas if it is 9:16, and more of what is less tall,
    /// because it is looked at from as near.
    pub fn type_height(&self) -> f64 {
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        (height * width.min(height) * 16.0 / 9.0).sqrt()
    }
}

/// A text on one line, without control characters.
fn line(text: &str) -> String {
    let text: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text in which no brace opens a tag and no backslash starts a command: a word joiner parts it from what follows.
fn ass_text(text: &str) -> String {
    line(text).replace('\\', "\\\u{2060}").replace('{', "\\{").replace('}', "\\}")
}

/// `&H00BBGGRR` of `0xRRGGBB`.
fn ass_colour(rgb: u32) -> String {
    format!("&H00{:02X}{:02X}{:02X}", rgb & 0xFF, (rgb >> 8) & 0xFF, (rgb >> 16) & 0xFF)
}

fn clock(time: MediaTime, point: char) -> String {
    let millis = time.millis().max(0);
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{:03}", millis % 1000)
}

fn ass_clock(time: MediaTime) -> String {
    let hundredths = centiseconds(time);
    let (hours, minutes, seconds) = (hundredths / 360_000, hundredths / 6000 % 60, hundredths / 100 % 60);
    format!("{hours}:{minutes:02}:{seconds:02}.{:02}", hundredths % 100)
}

fn centiseconds(time: MediaTime) -> i64 {
    (time.0.max(0) + 5000) / 10_000
}
