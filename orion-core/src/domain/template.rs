//! Templates: how the scenes of a video look and move, as data that people write.
//!
//! A template names things that there are; it holds no expressions, no loops and no addresses, so that whatever it says is
//! drawn in bounded time and reads nothing.

use super::timeline::{CaptionStyle, Transition, TransitionKind};
use super::{EntranceKind, Layout, LineRole, MotionKind, Ornament, Palette, Staging};
use crate::{Error, MediaTime, Result};
use serde::{Deserialize, Serialize};

/// How the scenes of a video look and move; what is not said is left to Orion.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Template {
    /// Name for people.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Colours; else the topic decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Palette>,
    /// The ornament; else chance decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ornament: Option<Ornament>,
    /// How captions look; else what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<CaptionStyle>,
    /// The opening scene.
    #[serde(default)]
    pub hook: SceneStyle,
    /// The scenes between.
    #[serde(default)]
    pub body: SceneStyle,
    /// The scene that closes and asks for something.
    #[serde(default)]
    pub closing: SceneStyle,
}

/// How scenes of one kind look and move.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SceneStyle {
    /// Layouts that may be taken where they fit what is said; none says any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layouts: Vec<Layout>,
    /// Moves, taken in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub motion: Vec<MotionKind>,
    /// Ways to take over from the scene before, taken in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transition: Vec<TransitionKind>,
    /// How long taking over lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_length: Option<MediaTime>,
    /// How type comes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrance: Option<EntranceKind>,
}

impl Template {
    /// Most entries of a list.
    pub const MOST_ENTRIES: usize = 12;
    /// How long taking over lasts where nobody says otherwise.
    const USUAL: MediaTime = MediaTime::from_millis(400);
    /// How long taking over may last, in seconds.
    pub const TRANSITION: std::ops::RangeInclusive<f64> = 0.1..=1.5;
    /// Least contrast of captions to their black outline: encoding takes some of it away, and 7:1 are to be left.
    pub const CAPTION_CONTRAST: f64 = 10.0;
    /// Size of caption type and width of its outline, as shares of the height; thinner is not read on bright pictures.
    pub const CAPTION_SIZE: std::ops::RangeInclusive<f64> = 0.02..=0.08;
    /// See [`CAPTION_SIZE`](Self::CAPTION_SIZE).
    pub const CAPTION_OUTLINE: std::ops::RangeInclusive<f64> = 0.0022..=0.02;
    /// Layouts that fit whatever is said, of which every list of layouts holds one.
    pub const FIT_ALL: [Layout; 2] = [Layout::Headline, Layout::Statement];
    /// Layouts of an opening.
    pub const OPENING: [Layout; 3] = [Layout::Headline, Layout::Statement, Layout::Quote];

    /// The style of scenes of a role.
    pub const fn style(&self, role: LineRole) -> &SceneStyle {
        match role {
            LineRole::Hook => &self.hook,
            LineRole::Body => &self.body,
            LineRole::CallToAction => &self.closing,
        }
    }

    /// Whether a scene of a role may have a layout.
    pub fn allows(&self, role: LineRole, layout: Layout) -> bool {
        let layouts = &self.style(role).layouts;
        layouts.is_empty() || layouts.contains(&layout)
    }

    /// How the scene with this index moves. Entries of lists follow one another; one that the scene before had is passed
    /// over, unless it is the only one.
    pub fn staging(&self, role: LineRole, index: usize, before: Staging) -> Staging {
        let style = self.style(role);
        let length = style.transition_length.unwrap_or(Self::USUAL);
        let last = before.transition.map(|transition| transition.kind);
        let transition = turn(&style.transition, index, last).map(|kind| {
            let duration = if kind == TransitionKind::Cut { MediaTime::ZERO } else { length };
            Transition { kind, duration }
        });
        Staging { motion: turn(&style.motion, index, before.motion), transition, entrance: style.entrance }
    }

    /// Checks what can be wrong although every name is known. The error tells the place as `body.layouts`.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with the `place` and what to write there.
    pub fn check(&self) -> Result<()> {
        let wrong = |place: &str, message: &'static str, hint: String| {
            Err(Error::invalid(message).with_context("place", place).with_hint(hint))
        };
        if self.name.trim().is_empty() || self.name.chars().count() > 60 {
            return wrong("name", "a template has a name of 1 to 60 characters", "write name = \"…\"".to_owned());
        }
        if self.description.chars().count() > 300 {
            return wrong("description", "a description has 300 characters at most", "say it shorter".to_owned());
        }
        for (kind, style) in [("hook", &self.hook), ("body", &self.body), ("closing", &self.closing)] {
            let place = |part: &str| format!("{kind}.{part}");
            for (part, count) in [
                ("layouts", style.layouts.len()),
                ("motion", style.motion.len()),
                ("transition", style.transition.len()),
            ] {
                if count > Self::MOST_ENTRIES {
                    let hint = format!("leave {} of them", Self::MOST_ENTRIES);
                    return wrong(&place(part), "a list of a template has too many entries", hint);
                }
            }
            let length = style.transition_length.unwrap_or(Self::USUAL).seconds();
            if !Self::TRANSITION.contains(&length) {
                let hint = "write transition_seconds = 0.4".to_owned();
                return wrong(&place("transition_seconds"), "a transition lasts 0.1 to 1.5 seconds", hint);
            }
            let layouts = &style.layouts;
            let fits = layouts.is_empty() || layouts.iter().any(|layout| Self::FIT_ALL.contains(layout));
            if kind != "closing" && !fits {
                let hint = "add headline or statement, which fit whatever is said".to_owned();
                return wrong(&place("layouts"), "not every sentence fits one of these layouts", hint);
            }
            let stray = match kind {
                "hook" => layouts.iter().find(|layout| !Self::OPENING.contains(layout)),
                "closing" => layouts.iter().find(|layout| **layout != Layout::Closing),
                _ => layouts.iter().find(|layout| **layout == Layout::Closing),
            };
            if let Some(stray) = stray {
                let hint = match kind {
                    "hook" => "an opening is a headline, a statement or a quote",
                    "closing" => "the closing scene is always closing; leave the list out",
                    _ => "take closing out: it is the layout of the last scene alone",
                };
                return Err(Error::invalid("this layout is not for scenes of this kind")
                    .with_context("place", place("layouts"))
                    .with_context("layout", stray)
                    .with_hint(hint));
            }
        }
        self.check_colours()
    }

    fn check_colours(&self) -> Result<()> {
        use super::colour::{contrast, written};
        if let Some(palette) = &self.palette {
            palette.check().map_err(|error| error.with_context("place", "colours"))?;
        }
        let Some(captions) = &self.captions else { return Ok(()) };
        for (part, colour) in [("fill", captions.fill), ("highlight", captions.highlight)] {
            // Captions are outlined in black.
            let found = contrast(colour, 0);
            if found < Self::CAPTION_CONTRAST {
                return Err(Error::invalid("this colour is not read well on the black outline of captions")
                    .with_context("place", format!("captions.{part}"))
                    .with_context("colour", written(colour))
                    .with_context("contrast", format!("{found:.1}"))
                    .with_hint(format!("choose a lighter one: {}:1 is the least", Self::CAPTION_CONTRAST)));
            }
        }
        let sizes = Self::CAPTION_SIZE.contains(&captions.size) && Self::CAPTION_OUTLINE.contains(&captions.outline);
        if !sizes {
            return Err(Error::invalid("caption type is 0.02 to 0.08 of the height, its outline 0.0022 to 0.02")
                .with_context("place", "captions")
                .with_context("size", captions.size)
                .with_context("outline", captions.outline)
                .with_hint("write size = 0.05 and outline = 0.005"));
        }
        Ok(())
    }
}

/// The entry of a list whose turn it is, or the one after it if the scene before had that.
fn turn<T: Copy + PartialEq>(list: &[T], index: usize, before: Option<T>) -> Option<T> {
    let at = index.checked_rem(list.len())?;
    let taken = [at, (at + 1) % list.len()].map(|at| list[at]);
    Some(if Some(taken[0]) == before { taken[1] } else { taken[0] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        Template {
            name: "Test".to_owned(),
            body: SceneStyle {
                layouts: vec![Layout::Statement, Layout::Chart],
                motion: vec![MotionKind::ZoomIn, MotionKind::PanLeft],
                transition: vec![TransitionKind::Wipe, TransitionKind::Cut],
                transition_length: Some(MediaTime::from_millis(600)),
                entrance: Some(EntranceKind::Fade),
            },
            ..Template::default()
        }
    }

    #[test]
    fn lists_are_taken_in_turn() {
        let template = template();
        template.check().unwrap();
        let [one, two, three] = [1, 2, 3].map(|index| template.staging(LineRole::Body, index, Staging::default()));
        assert_eq!((one.motion, two.motion), (Some(MotionKind::PanLeft), Some(MotionKind::ZoomIn)));
        assert_eq!(one, three);
        assert_eq!(two.transition.unwrap().duration, MediaTime::from_millis(600));
        assert_eq!(one.transition.unwrap().duration, MediaTime::ZERO);
        assert_eq!(template.staging(LineRole::Hook, 0, one), Staging::default());
        assert_ne!(template.staging(LineRole::Body, 1, one).motion, one.motion);
        assert_ne!(template.staging(LineRole::Body, 1, one).transition, one.transition);
        assert!(template.allows(LineRole::Body, Layout::Chart) && !template.allows(LineRole::Body, Layout::Quote));
        assert!(template.allows(LineRole::Hook, Layout::Quote));
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_place() {
        type Change = fn(&mut Template);
        let cases: [(&str, Change); 8] = [
            ("name", |template| template.name.clear()),
            ("body.layouts", |template| template.body.layouts = vec![Layout::Chart]),
            ("body.layouts", |template| template.body.layouts.push(Layout::Closing)),
            ("hook.layouts", |template| template.hook.layouts = vec![Layout::Headline, Layout::Chart]),
            ("hook.motion", |template| template.hook.motion = vec![MotionKind::Still; 13]),
            ("body.transition_seconds", |template| {
                template.body.transition_length = Some(MediaTime::from_millis(1501));
            }),
            ("captions.fill", |template| {
                template.captions = Some(CaptionStyle { fill: 0x40_40_40, ..CaptionStyle::tiktok() });
            }),
            ("captions", |template| template.captions = Some(CaptionStyle { size: 0.3, ..CaptionStyle::tiktok() })),
        ];
        for (place, change) in cases {
            let mut template = template();
            change(&mut template);
            let error = template.check().unwrap_err();
            assert!(error.to_string().contains(place), "{place}: {error}");
            assert!(error.hint().is_some(), "{place}");
        }
    }
}
