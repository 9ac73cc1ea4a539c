//! The words that go out with a video.

use crate::domain::{Content, LineRole, Trend};

/// How many keywords of a trend become hashtags.
const HASHTAGS: usize = 3;

/// A title, a text and hashtags.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Post {
    pub(super) title: String,
    text: String,
    hashtags: String,
}

impl Post {
    /// The words of some content: what it opens and closes with, and the keywords of its trend.
    pub(super) fn of(content: &Content, trend: Option<&Trend>) -> Self {
        let lines = content.script.as_ref().map(|script| script.lines.as_slice()).unwrap_or_default();
        let said = |role| lines.iter().filter(move |line| line.role == role).map(|line| line.text.as_str());
        let words: Vec<&str> = said(LineRole::Hook).chain(said(LineRole::CallToAction)).collect();
        let text = if words.is_empty() { content.title.clone() } else { words.join(" ") };
        let keywords = trend.map(|trend| trend.keywords.as_slice()).unwrap_or_default();
        let tag = |word: &String| word.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
        let tags = keywords.iter().map(tag).filter(|tag| !tag.is_empty()).take(HASHTAGS);
        let hashtags = tags.map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
        Self { title: content.title.clone(), text, hashtags }
    }

    /// Everything that is said, to be looked at.
    pub(super) fn safety_text(&self) -> String {
        format!("{}\n{}\n{}", self.title, self.text, self.hashtags)
    }

    /// The text with its hashtags if both fit, else the text alone, else its beginning.
    pub(super) fn caption(&self, limit: Option<usize>) -> String {
        let limit = limit.unwrap_or(usize::MAX);
        let fits = |text: &str| text.chars().count() <= limit;
        let whole = format!("{}\n\n{}", self.text, self.hashtags);
        if !self.hashtags.is_empty() && fits(&whole) {
            whole
        } else if fits(&self.text) {
            self.text.clone()
        } else {
            self.text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn captions_fit() {
        let trend = Trend {
            keywords: vec!["New York".into(), "?!".into(), "ai".into(), "b".into(), "c".into()],
            ..sample::trend(1)
        };
        let post = Post::of(&sample::content(1), Some(&trend));
        assert_eq!(post.caption(None), "Did you see this? Follow for more.\n\n#NewYork #ai #b");
        assert_eq!(post.caption(Some(51)).chars().count(), 51);
        assert_eq!(post.caption(Some(50)), "Did you see this? Follow for more.");
        assert_eq!(post.caption(Some(34)), "Did you see this? Follow for more.");
        assert_eq!(post.caption(Some(8)), "Did you…");
        let mut silent = sample::content(1);
        silent.script = None;
        assert_eq!(Post::of(&silent, None).caption(None), "Content 1");
    }
}
