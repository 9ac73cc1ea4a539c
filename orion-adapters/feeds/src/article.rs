//! The article of a web page: its text in plain paragraphs, its picture, and who wrote it.

use crate::dialect::language;
use crate::markup::{Token, Tokens, attribute};
use crate::picture::{absolute, split_credit};
use crate::robots::Robots;
use crate::text::{Inline, Plain, html, line};
use crate::{date, decode};
use async_trait::async_trait;
use dom_smoothie::{Config, Readability};
use orion_core::domain::{Article, Picture};
use orion_core::port::{ArticleReader, FetchLimits, Fetcher, NamedBy};
use orion_core::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Most elements of a page; the largest news pages have about ten thousand.
const MOST_ELEMENTS: usize = 60_000;
/// Deepest nesting of a page; real ones stay below a hundred. Tree walks behind this line recurse.
const DEEPEST: usize = 400;
/// Least letters of an article, and of its longest paragraph. Menus and notices have less.
const LEAST: (usize, usize) = (200, 80);

/// An [`ArticleReader`] over any [`Fetcher`].
#[derive(Debug, Clone)]
pub struct ReadableArticles {
    fetcher: Arc<dyn Fetcher>,
    limits: FetchLimits,
    robots: Option<Arc<Robots>>,
}

impl ReadableArticles {
    /// A reader of pages up to 6 MiB that answer within 15 seconds, which asks the `robots.txt` of a host (RFC 9309)
    /// before it fetches what a feed named.
    pub fn new(fetcher: Arc<dyn Fetcher>) -> Self {
        let robots = Some(Arc::new(Robots::new(fetcher.clone())));
        Self { fetcher, limits: FetchLimits { bytes: 6 << 20, time: Duration::from_secs(15) }, robots }
    }

    /// Reads what feeds name without asking the host's `robots.txt`; for whoever has the right to.
    #[must_use]
    pub fn without_robots(mut self) -> Self {
        self.robots = None;
        self
    }

    /// Sets the bounds of a page.
    #[must_use]
    pub fn with_limits(mut self, limits: FetchLimits) -> Self {
        self.limits = limits;
        self
    }
}

#[async_trait]
impl ArticleReader for ReadableArticles {
    async fn read(&self, url: &str, named_by: NamedBy) -> Result<Article> {
        let robots = self.robots.as_ref().filter(|_| named_by == NamedBy::Feed);
        if let Some(robots) = robots {
            robots.check(url).await?;
        }
        let page = self.fetcher.get(url, None, None, self.limits).await?;
        if let Some(robots) = robots.filter(|_| page.url != url) {
            // What a redirect led to is not used either, where that is not wanted.
            robots.check(&page.url).await?;
        }
        let work = move || {
            catch_unwind(AssertUnwindSafe(|| read_article(&page.body, page.content_type.as_deref(), &page.url)))
                .unwrap_or_else(|_| {
                    Err(Error::unexpected("the page parser failed on this page").with_context("url", &page.url))
                })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::unexpected("the page parser stopped").with_source(error))?
    }
}

/// Reads the article of a page that is at hand. Pure.
///
/// # Errors
/// `Invalid` if the page is no HTML or holds no article, `Exhausted` if it is nested beyond reason.
pub fn read_article(page: &[u8], content_type: Option<&str>, url: &str) -> Result<Article> {
    let error = |kind, message: &'static str| Error::new(kind, message).with_context("url", url);
    let kind = content_type.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    if !(kind.is_empty() || kind.contains("html") || kind == "text/plain") {
        return Err(error(ErrorKind::Invalid, "this is not a web page").with_context("type", kind));
    }
    let base = Url::parse(url).map_err(|_| error(ErrorKind::Invalid, "a page needs its whole address"))?;
    let markup = decode::decode(page, content_type);
    let head = Head::of(&markup).ok_or_else(|| error(ErrorKind::Exhausted, "the page is nested beyond reason"))?;
    let no_article = |_| error(ErrorKind::Invalid, "there is no article on this page");
    let config = Config { max_elements_to_parse: MOST_ELEMENTS, ..Config::default() };
    let parsed = Readability::new(markup.as_ref(), Some(url), Some(config))
        .and_then(|mut page| page.parse())
        .map_err(no_article)?;
    let Plain { text, pictures } = html(&parsed.content);
    if !is_article(&text) {
        return Err(error(ErrorKind::Invalid, "there is no article on this page"));
    }
    let some = |text: Option<String>| text.map(|text| line(&text)).filter(|text| !text.is_empty());
    let title =
        head.title.clone().or_else(|| some(Some(parsed.title))).unwrap_or_else(|| crate::text::first_words(&text));
    let date = head.published.clone().or(parsed.published_time);
    let author = some(parsed.byline).map(|name| byline(&name)).or_else(|| head.author.clone());
    Ok(Article {
        url: url.to_owned(),
        text: without_opening(&text, &title, author.as_deref()),
        title,
        author,
        publisher: some(parsed.site_name)
            .or_else(|| base.host_str().map(|host| host.trim_start_matches("www.").to_owned())),
        published_at: date.and_then(|date| date::parse(&date)),
        language: head.language.clone().or_else(|| parsed.lang.as_deref().and_then(language)),
        picture: picture(&head, pictures, parsed.image.as_deref(), &base),
    })
}

/// Whether there is enough running text. A character of Chinese or Japanese says as much as three letters.
fn is_article(text: &str) -> bool {
    let weight =
        |text: &str| text.chars().map(|c| if ('\u{2e80}'..='\u{ffef}').contains(&c) { 3 } else { 1 }).sum::<usize>();
    weight(text) >= LEAST.0 && text.split("\n\n").map(weight).max().unwrap_or(0) >= LEAST.1
}

/// The text without what only repeats the headline and the author at its start.
fn without_opening(text: &str, title: &str, author: Option<&str>) -> String {
    use orion_core::text::fold;
    let opening = |paragraph: &str| {
        let folded = fold(paragraph);
        folded == fold(title)
            || author.is_some_and(|author| folded == fold(author) || folded == fold(&format!("by {author}")))
    };
    let mut paragraphs: Vec<&str> = text.split("\n\n").collect();
    let kept = paragraphs.iter().take(3).take_while(|paragraph| opening(paragraph)).count();
    paragraphs.drain(..kept);
    paragraphs.join("\n\n")
}

/// `By Jane Doe` is Jane Doe.
fn byline(name: &str) -> String {
    ["By ", "by ", "BY ", "Von ", "Por ", "Par "].iter().find_map(|by| name.strip_prefix(by)).unwrap_or(name).to_owned()
}

/// What a page says of itself in its head.
#[derive(Default)]
struct Head {
    title: Option<String>,
    author: Option<String>,
    published: Option<String>,
    language: Option<String>,
    image: Option<String>,
    image_alt: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

impl Head {
    /// Reads the head; `None` if the page is nested deeper, or has more elements, than a page may.
    fn of(markup: &str) -> Option<Self> {
        // Elements that HTML closes by itself, and those without content, nest nothing.
        const FLAT: &[&str] = &[
            "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option",
            "p", "param", "source", "td", "th", "tr", "tbody", "track", "wbr",
        ];
        let (mut head, mut depth, mut elements) = (Self::default(), 0_usize, 0_usize);
        let mut tokens = Tokens::new(markup);
        while let Some(token) = tokens.next() {
            match token {
                Token::Open { name, attributes, .. } => {
                    elements += 1;
                    if name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style") {
                        tokens.skip_element(name);
                    } else if name.eq_ignore_ascii_case("meta") {
                        head.meta(attributes);
                    } else if !FLAT.iter().any(|flat| name.eq_ignore_ascii_case(flat)) {
                        depth += 1;
                        if name.eq_ignore_ascii_case("html") {
                            head.language = attribute(attributes, "lang").and_then(|tag| language(&tag));
                        }
                    }
                }
                Token::Close { name } if !FLAT.iter().any(|flat| name.eq_ignore_ascii_case(flat)) => {
                    depth = depth.saturating_sub(1)
                }
                _ => {}
            }
            if depth > DEEPEST || elements > MOST_ELEMENTS {
                return None;
            }
        }
        Some(head)
    }

    fn meta(&mut self, attributes: &str) {
        let Some(name) = attribute(attributes, "property").or_else(|| attribute(attributes, "name")) else { return };
        let Some(content) =
            attribute(attributes, "content").map(|content| line(&content)).filter(|content| !content.is_empty())
        else {
            return;
        };
        match name.to_ascii_lowercase().as_str() {
            "og:title" => self.title = self.title.take().or(Some(content)),
            "author" => self.author = self.author.take().or(Some(content)),
            "article:published_time" | "date" | "dc.date" | "dc.date.issued" | "datepublished" | "parsely-pub-date" => {
                self.published = self.published.take().or(Some(content))
            }
            "og:image" | "og:image:url" | "og:image:secure_url" => self.image = self.image.take().or(Some(content)),
            "og:image:alt" => self.image_alt = self.image_alt.take().or(Some(content)),
            "og:image:width" => self.width = content.parse().ok(),
            "og:image:height" => self.height = content.parse().ok(),
            _ => {}
        }
    }
}

/// The picture that the page shows to others; otherwise the first of its text. Words come from the text's caption.
fn picture(head: &Head, inline: Vec<Inline>, guessed: Option<&str>, base: &Url) -> Option<Picture> {
    let named = head.image.as_deref().or(guessed).and_then(|url| absolute(url, Some(base)));
    let same = |inline: &&Inline| {
        absolute(&inline.url, Some(base)).zip(named.as_ref()).is_some_and(|(a, b)| file_name(&a) == file_name(b))
    };
    let twin = inline.iter().find(same).or_else(|| inline.first().filter(|_| named.is_none()));
    let caption = twin.and_then(|twin| twin.caption.clone()).or_else(|| head.image_alt.clone());
    let (width, height) = if head.image.is_some() {
        (head.width, head.height)
    } else {
        twin.map_or((None, None), |twin| (twin.width, twin.height))
    };
    let url = named.or_else(|| twin.and_then(|twin| absolute(&twin.url, Some(base))))?;
    let (caption, credit) = caption.as_deref().map_or((None, None), split_credit);
    Some(Picture { url, credit, caption, width, height })
}

/// The last part of an address without its size parameters: the same picture is served in many sizes.
fn file_name(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default()
}
