//! What to show while a line is spoken, in words.

use super::hook::said;
use super::outline::outline;
use crate::domain::{ClaimKind, LineRole};
use crate::text::claim::claims;
use crate::text::language::Language;

/// What to show while a line is spoken: for people who film or draw, and for picture models.
pub(super) fn visual_cue(role: LineRole, text: &str, language: Language) -> String {
    let subject = outline(text, language, 9);
    if role == LineRole::CallToAction {
        return "Closing card with the sources".to_owned();
    }
    if let Some((_, speaker)) = said(text, language) {
        return format!("{speaker} speaking, the quoted words beside");
    }
    let found = claims(text, language);
    let names: Vec<&str> =
        found.iter().filter(|claim| claim.kind == ClaimKind::Name).map(|claim| claim.text.as_str()).take(2).collect();
    if let Some(number) = found.iter().find(|claim| claim.kind == ClaimKind::Number) {
        return format!("The figure {} large, with {subject}", number.text);
    }
    match (names.is_empty(), role) {
        (_, LineRole::Hook) => format!("Opening shot: {subject}"),
        (false, _) => format!("{}: {subject}", names.join(" and ")),
        (true, _) => format!("A scene that shows {subject}"),
    }
}
