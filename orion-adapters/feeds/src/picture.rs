//! Which of the pictures that an item names is the one to show, and whom to credit.

use crate::text::Inline;
use crate::xml::{Element, Ns};
use orion_core::domain::{FeedItem, Picture};
use url::Url;

/// A picture with what is known of its size.
struct Candidate {
    picture: Picture,
    /// Width to compare by; a guess by kind where the feed says none.
    width: u32,
}

/// The largest picture of an item: from Media RSS, an enclosure, iTunes, or the text itself.
pub(crate) fn of_item(item: &Element<'_>, inline: Vec<Inline>) -> Option<Picture> {
    let mut candidates = Vec::new();
    media(item, (None, None), &mut candidates);
    for enclosure in item.all(Ns::Core, "enclosure").chain(enclosures(item)) {
        let url = enclosure.attribute("url").or_else(|| enclosure.attribute("href")).unwrap_or_default();
        if is_image(enclosure.attribute("type").as_deref(), None, &url) {
            candidates.push(candidate(&url, None, None, (None, None), 640));
        }
    }
    if let Some(url) = item.first(Ns::Itunes, "image").and_then(|image| image.attribute("href")) {
        candidates.push(candidate(&url, None, None, (None, None), 300));
    }
    if let Some(url) = item.first(Ns::Core, "image").and_then(|image| image.first(Ns::Core, "url")?.line()) {
        candidates.push(candidate(&url, None, None, (None, None), 300));
    }
    candidates.extend(inline.into_iter().map(standing_in_text));
    largest(candidates)
}

/// The largest of the pictures of a text.
pub(crate) fn of_text(inline: Vec<Inline>) -> Option<Picture> {
    largest(inline.into_iter().map(standing_in_text).collect())
}

fn standing_in_text(picture: Inline) -> Candidate {
    let (caption, credit) = picture.caption.as_deref().map_or((None, None), split_credit);
    candidate(&picture.url, caption, credit, (picture.width, picture.height), 480)
}

/// Parts a caption into what is seen and who is to be named: `A cat. Photograph: J. Doe/AFP`.
pub(crate) fn split_credit(caption: &str) -> (Option<String>, Option<String>) {
    const MARKS: &[&str] = &[
        "Photograph: ",
        "Photograph by ",
        "Photo: ",
        "Photo by ",
        "Photo credit: ",
        "Credit: ",
        "Image: ",
        "Image credit: ",
        "Illustration: ",
        "Foto: ",
        "Bild: ",
        "Crédito: ",
        "Crédit photo : ",
        "Picture: ",
        "© ",
        "(c) ",
    ];
    let Some(at) = MARKS.iter().filter_map(|mark| caption.find(mark)).min() else {
        return (Some(caption.to_owned()), None);
    };
    let seen = caption[..at].trim_end_matches(['(', '[', '|', ' ', '-', '–']).trim();
    let mut credit = caption[at..].trim();
    if caption[..at].trim_end().ends_with('(') {
        credit = credit.trim_end_matches(')');
    }
    (Some(seen.to_owned()).filter(|seen| !seen.is_empty()), Some(credit.to_owned()))
}

/// An address as absolute `http` or `https`, resolved against the page it stood in.
pub(crate) fn absolute(url: &str, base: Option<&Url>) -> Option<String> {
    let url = url.trim();
    if url.is_empty() {
        return None;
    }
    let parsed = match (Url::parse(url), base) {
        (Ok(parsed), _) => parsed,
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => base.join(url).ok()?,
        (Err(url::ParseError::RelativeUrlWithoutBase), None) if url.starts_with("//") => {
            Url::parse(&format!("https:{url}")).ok()?
        }
        _ => return None,
    };
    matches!(parsed.scheme(), "http" | "https").then(|| parsed.to_string())
}

/// Atom's own enclosures.
fn enclosures<'e, 'a>(item: &'e Element<'a>) -> impl Iterator<Item = &'e Element<'a>> {
    item.elements().filter(|element| {
        matches!(element.ns, Ns::Atom | Ns::Core)
            && element.name.eq_ignore_ascii_case("link")
            && element.attribute("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("enclosure"))
    })
}

/// Media RSS: credit and caption may stand in the content, its group, or the item.
fn media(element: &Element<'_>, outer: (Option<String>, Option<String>), candidates: &mut Vec<Candidate>) {
    let words = |name| element.first(Ns::Media, name).and_then(Element::line);
    let outer = (words("credit").or(outer.0), words("description").or(outer.1));
    for child in element.elements().filter(|child| child.ns == Ns::Media) {
        let size =
            |name| child.attribute(name).and_then(|value| value.trim().parse::<f32>().ok()).map(|value| value as u32);
        let url = child.attribute("url").unwrap_or_default();
        match child.name {
            "group" => media(child, outer.clone(), candidates),
            "content" => {
                let own = |name| child.first(Ns::Media, name).and_then(Element::line);
                if is_image(child.attribute("type").as_deref(), child.attribute("medium").as_deref(), &url) {
                    let caption = own("description").or_else(|| own("text")).or_else(|| outer.1.clone());
                    let credit = own("credit").or_else(|| outer.0.clone());
                    candidates.push(candidate(&url, caption, credit, (size("width"), size("height")), 640));
                }
                for thumbnail in child.all(Ns::Media, "thumbnail") {
                    let url = thumbnail.attribute("url").unwrap_or_default();
                    candidates.push(candidate(
                        &url,
                        None,
                        own("credit").or_else(|| outer.0.clone()),
                        (None, None),
                        100,
                    ));
                }
            }
            "thumbnail" => {
                candidates.push(candidate(
                    &url,
                    outer.1.clone(),
                    outer.0.clone(),
                    (size("width"), size("height")),
                    100,
                ));
            }
            _ => {}
        }
    }
}

fn candidate(
    url: &str,
    caption: Option<String>,
    credit: Option<String>,
    size: (Option<u32>, Option<u32>),
    guess: u32,
) -> Candidate {
    let (width, height) = size;
    let picture = Picture { url: url.trim().to_owned(), credit, caption, width, height };
    Candidate { picture, width: width.unwrap_or(guess) }
}

/// By type or medium if the feed says one, by the ending of the address if not.
fn is_image(media_type: Option<&str>, medium: Option<&str>, url: &str) -> bool {
    match (media_type, medium) {
        (Some(media_type), _) if !media_type.trim().is_empty() => {
            media_type.trim().to_ascii_lowercase().starts_with("image/")
        }
        (_, Some(medium)) => medium.trim().eq_ignore_ascii_case("image"),
        _ => {
            let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
            [".jpg", ".jpeg", ".png", ".webp", ".gif"].iter().any(|ending| path.ends_with(ending))
        }
    }
}

/// The first of the widest that has an address, which may still be relative.
fn largest(candidates: Vec<Candidate>) -> Option<Picture> {
    let mut best: Option<Candidate> = None;
    for candidate in candidates {
        let url = candidate.picture.url.as_str();
        let scheme = url.split(['/', '?', '#']).next().and_then(|start| start.split_once(':'));
        let web = |scheme: &str| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let sound = !url.is_empty() && scheme.is_none_or(|(scheme, _)| web(scheme));
        if sound && best.as_ref().is_none_or(|best| candidate.width > best.width) {
            best = Some(candidate);
        }
    }
    best.map(|best| best.picture)
}

/// Makes the addresses of an item absolute: its own by the site's, its picture's by its own.
pub(crate) fn resolve(item: &mut FeedItem, site: Option<&Url>) {
    item.url = item.url.take().and_then(|url| absolute(&url, site));
    item.picture = item.picture.take().and_then(|picture| {
        // Most addresses are absolute; the page matters only for the others.
        let page = || item.url.as_deref().and_then(|url| Url::parse(url).ok());
        let url = absolute(&picture.url, None).or_else(|| absolute(&picture.url, page().as_ref().or(site)))?;
        Some(Picture { url, ..picture })
    });
}
