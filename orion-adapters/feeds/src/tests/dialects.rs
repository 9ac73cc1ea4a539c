//! One small document of own text for every dialect.

use super::parse;
use crate::{FeedLimits, parse_feed};
use orion_core::ErrorKind;
use orion_core::domain::{FeedItem, Picture};

fn only(document: &str) -> FeedItem {
    let mut feed = parse(document).unwrap();
    assert_eq!(feed.items.len(), 1, "{feed:?}");
    feed.items.remove(0)
}

fn at(item: &FeedItem) -> String {
    item.published_at.map(|time| time.to_string()).unwrap_or_default()
}

#[test]
fn rss_2_with_all_its_modules() {
    let feed = parse(
        r#"<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
 <title>Harbour News &amp; Views</title><link>https://harbour.example/</link><atom:link rel="self" href="https://harbour.example/rss"/>
 <language>en_GB</language><image><title>Logo</title><url>https://harbour.example/logo.png</url></image>
 <item>
  <title><![CDATA[The ferry&#8217;s back &amp; running]]></title>
  <link> https://harbour.example/ferry?a=1&amp;b=2 </link>
  <description>&lt;p&gt;The ferry   sails again.&lt;/p&gt;&lt;a href="x"&gt;Read more&lt;/a&gt;</description>
  <content:encoded><![CDATA[<p>The ferry sails again after a winter in the dock.</p><p>It carries 80 cars.</p><img src="/small.jpg" width="1" height="1"/>]]></content:encoded>
  <dc:creator>Ada Quay</dc:creator><category>Ships</category><category domain="x">Travel</category><category>Ships</category>
  <pubDate>Mon, 23 Nov 2026 09:00:00 +0100</pubDate>
  <media:group><media:credit>Photo: B. Pier</media:credit>
   <media:content url="https://img.example/w300.jpg" width="300" medium="image"/>
   <media:content url="https://img.example/w900.jpg" width="900" height="600" type="image/jpeg"><media:description>The ferry at dawn</media:description></media:content>
   <media:content url="https://img.example/film.mp4" width="1920" type="video/mp4"/></media:group>
  <media:thumbnail url="https://img.example/t.jpg" width="80"/>
 </item>
 <item><title/><description>No headline, but a sentence.</description><guid>https://harbour.example/2</guid></item>
 <item><guid isPermaLink="false">3</guid></item>
</channel></rss>"#,
    )
    .unwrap();
    assert_eq!(
        (feed.title.as_str(), feed.language.as_deref(), feed.site_url.as_deref()),
        ("Harbour News & Views", Some("en-gb"), Some("https://harbour.example/"))
    );
    let [first, second] = feed.items.as_slice() else { panic!("{:?}", feed.items) };
    assert_eq!(
        (first.title.as_str(), first.url.as_deref()),
        ("The ferry’s back & running", Some("https://harbour.example/ferry?a=1&b=2"))
    );
    assert_eq!(first.summary, "The ferry sails again.");
    assert_eq!(first.content, "The ferry sails again after a winter in the dock.\n\nIt carries 80 cars.");
    assert_eq!((first.author.as_deref(), at(first).as_str()), (Some("Ada Quay"), "2026-11-23T08:00:00Z"));
    assert_eq!(
        (first.categories.as_slice(), first.language.as_deref()),
        (["Ships".to_owned(), "Travel".to_owned()].as_slice(), Some("en-gb"))
    );
    let picture = Picture {
        url: "https://img.example/w900.jpg".into(),
        credit: Some("Photo: B. Pier".into()),
        caption: Some("The ferry at dawn".into()),
        width: Some(900),
        height: Some(600),
    };
    assert_eq!(first.picture, Some(picture));
    assert_eq!(
        (second.title.as_str(), second.url.as_deref(), second.rank),
        ("No headline, but a sentence.", Some("https://harbour.example/2"), 1)
    );
    assert_eq!(second.feed_title, "Harbour News & Views");
}

#[test]
fn rss_0_9x_with_or_without_its_version() {
    for opening in [
        "<rss version=\"0.91\">",
        "<rss version=\"0.92\">",
        "<rss version='0.93'>",
        "<rss>",
        "<rss version=\"2.00\">",
        "<!DOCTYPE rss PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" \"http://my.netscape.com/publish/formats/rss-0.91.dtd\"><rss version=\"0.91\">",
    ] {
        let item = only(&format!(
            "{opening}<channel><title>T</title><item><title>One &copy; 2026</title><link>https://a.example/1</link><description>Text</description></item></channel></rss>"
        ));
        assert_eq!(
            (item.title.as_str(), item.summary.as_str(), item.url.as_deref()),
            ("One © 2026", "Text", Some("https://a.example/1"))
        );
    }
}

#[test]
fn rdf_1_0_and_0_90() {
    for (space, about) in [
        ("http://purl.org/rss/1.0/", " rdf:about=\"https://a.example/1\""),
        ("http://my.netscape.com/rdf/simple/0.9/", ""),
    ] {
        let document = format!("<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"{space}\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">
            <channel><title>Notes</title><link>https://a.example/</link><dc:language>de</dc:language><items><rdf:Seq><rdf:li resource=\"x\"/></rdf:Seq></items></channel>
            <image><title>No item</title></image>
            <item{about}><title>Erste Notiz</title><link>https://a.example/1</link><dc:date>2026-11-23T10:00+01:00</dc:date><dc:subject>Wetter</dc:subject></item></rdf:RDF>");
        let item = only(&document);
        assert_eq!(
            (item.title.as_str(), item.feed_title.as_str(), item.language.as_deref()),
            ("Erste Notiz", "Notes", Some("de"))
        );
        assert_eq!(
            (at(&item).as_str(), item.categories.as_slice()),
            ("2026-11-23T09:00:00Z", ["Wetter".to_owned()].as_slice())
        );
    }
}

#[test]
fn atom_1_0_with_every_kind_of_text() {
    let feed = parse(
        r#"<?xml version="1.0"?><a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:lang="en">
<a:title type="html">Tide &amp;amp; Time</a:title><a:link href="https://tide.example/feed" rel="self"/><a:link href="https://tide.example/"/>
<a:author><a:name>Editors</a:name></a:author>
<a:entry><a:title type="text">1 &lt; 2 &amp; so on</a:title><a:link href="/one"/><a:id>urn:1</a:id>
 <a:updated>2026-11-23T10:00:00Z</a:updated><a:published>2026-11-22T10:00:00Z</a:published>
 <a:author><a:name>Ada</a:name><a:email>ada@tide.example</a:email></a:author><a:author><a:name>Bea</a:name></a:author>
 <a:category term="sea" label="The Sea"/><a:summary>Plain &lt;text&gt;</a:summary>
 <a:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First <b>bold</b> words.</p><p>Second.<img src="wave.png" alt="A wave"/></p></div></a:content></a:entry>
<a:entry><a:title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Rich <i>title</i></div></a:title><a:content type="html">&lt;p&gt;Only content&lt;/p&gt;</a:content>
 <a:link rel="enclosure" type="image/png" href="https://tide.example/e.png"/><a:link rel="alternate" href="https://tide.example/two"/><a:modified>2026-11-01</a:modified></a:entry>
</a:feed>"#,
    )
    .unwrap();
    assert_eq!(
        (feed.title.as_str(), feed.language.as_deref(), feed.site_url.as_deref()),
        ("Tide & Time", Some("en"), Some("https://tide.example/"))
    );
    let [one, two] = feed.items.as_slice() else { panic!("{:?}", feed.items) };
    assert_eq!(
        (one.title.as_str(), one.url.as_deref(), at(one).as_str()),
        ("1 < 2 & so on", Some("https://tide.example/one"), "2026-11-22T10:00:00Z")
    );
    assert_eq!((one.summary.as_str(), one.content.as_str()), ("Plain <text>", "First bold words.\n\nSecond."));
    assert_eq!(
        (one.author.as_deref(), one.categories.as_slice()),
        (Some("Ada, Bea"), ["The Sea".to_owned()].as_slice())
    );
    assert_eq!(
        one.picture.as_ref().map(|picture| (picture.url.as_str(), picture.caption.as_deref())),
        Some(("https://tide.example/wave.png", Some("A wave")))
    );
    assert_eq!(
        (two.title.as_str(), two.content.as_str(), two.url.as_deref()),
        ("Rich title", "Only content", Some("https://tide.example/two"))
    );
    assert_eq!(two.picture.as_ref().map(|picture| picture.url.as_str()), Some("https://tide.example/e.png"));
}

#[test]
fn atom_0_3_and_atom_without_a_namespace() {
    for space in [" version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"", ""] {
        let item = only(&format!(
            "<feed{space}><title>T</title><entry><title>E</title><link rel=\"alternate\" href=\"https://a.example/e\"/><issued>2003-12-13T08:29:29-04:00</issued><summary>S</summary></entry></feed>"
        ));
        assert_eq!(
            (item.title.as_str(), item.summary.as_str(), at(&item).as_str()),
            ("E", "S", "2003-12-13T12:29:29Z")
        );
    }
}

#[test]
fn json_feed_1_and_1_1() {
    let feed = parse(r#"{"version":"https://jsonfeed.org/version/1.1","title":"Log","home_page_url":"https://log.example/","language":"en-US","authors":[{"name":"Crew"}],
        "items":[{"id":1,"url":"/1","title":"One &amp; only","content_html":"<p>Some <b>text</b>.</p><img src='/p.png'>","summary":"Short","tags":["a","b"],"date_published":"2026-11-23T10:00:00-05:00"},
        {"id":"https://log.example/2","content_text":"A note without a title.\n\nWith two paragraphs.","image":"https://log.example/2.jpg","author":{"name":"Ada"}},
        {"id":"3"}]}"#).unwrap();
    assert_eq!((feed.title.as_str(), feed.language.as_deref(), feed.items.len()), ("Log", Some("en-us"), 2));
    let (one, two) = (&feed.items[0], &feed.items[1]);
    assert_eq!(
        (one.title.as_str(), one.url.as_deref(), one.content.as_str()),
        ("One &amp; only", Some("https://log.example/1"), "Some text.")
    );
    assert_eq!(
        (one.author.as_deref(), at(one).as_str(), one.categories.len()),
        (Some("Crew"), "2026-11-23T15:00:00Z", 2)
    );
    assert_eq!(one.picture.as_ref().map(|picture| picture.url.as_str()), Some("https://log.example/p.png"));
    assert_eq!(
        (two.title.as_str(), two.url.as_deref(), two.author.as_deref()),
        ("A note without a title.", Some("https://log.example/2"), Some("Ada"))
    );
    assert_eq!(two.content, "A note without a title.\n\nWith two paragraphs.");
}

#[test]
fn people_and_podcasts() {
    let item = only("<rss><channel><item><title>Episode</title><author>ada@a.example (Ada Quay)</author><description>Short…</description>
        <itunes:summary>A much longer word on what this is about.</itunes:summary><itunes:image href=\"https://a.example/cover.jpg\"/>
        <enclosure url=\"https://a.example/1.mp3\" type=\"audio/mpeg\"/><pubDate>Mon, 23 Nov 2026</pubDate></item></channel></rss>");
    assert_eq!(
        (item.author.as_deref(), item.summary.as_str()),
        (Some("Ada Quay"), "A much longer word on what this is about.")
    );
    assert_eq!(item.picture.as_ref().map(|picture| picture.url.as_str()), Some("https://a.example/cover.jpg"));
    assert_eq!(at(&item), "2026-11-23T00:00:00Z");
}

#[test]
fn sloppy_documents_are_still_read() {
    for (document, title, summary) in [
        (
            "\n\n <?xml version='1.0'?><rss><channel><item><title>A & B</title><description>C &nbsp; D</description></item></channel></rss>",
            "A & B",
            "C D",
        ),
        (
            "<rss><channel><item><title>Raw</title><description><p>One</p><p>Two<br>three</description></item></channel></rss>",
            "Raw",
            "One\n\nTwo three",
        ),
        ("<rss><channel><item><title>Open end</title><description>Text</description></item>", "Open end", "Text"),
        (
            "<RSS><Channel><Item><Title>Case</Title><Description>Text</Description></Item></Channel></RSS>",
            "Case",
            "Text",
        ),
        (
            "<rss><channel><item><title>Bad &#x1; char\u{b}s\u{1}</title><description>x</description></item></channel></rss>",
            "Bad char s",
            "x",
        ),
        (
            "<rss><channel><item><title>Twice &amp;amp; encoded &amp;eacute;</title><description>y</description></item></channel></rss>",
            "Twice & encoded é",
            "y",
        ),
    ] {
        let item = only(document);
        assert_eq!((item.title.as_str(), item.summary.as_str()), (title, summary), "{document}");
    }
}

#[test]
fn relative_and_unsafe_addresses() {
    let item = only(
        "<rss><channel><link>https://a.example/news/</link><item><title>T</title><link>today.html</link><description>&lt;img src='../p.jpg'></description></item></channel></rss>",
    );
    assert_eq!(item.url.as_deref(), Some("https://a.example/news/today.html"));
    for link in ["javascript:alert(1)", "file:///etc/passwd", "today.html", "ftp://a.example/x"] {
        let item = only(&format!(
            "<rss><channel><item><title>T</title><link>{link}</link><enclosure type='image/png' url='{link}'/></item></channel></rss>"
        ));
        assert_eq!((item.url, item.picture), (None, None), "{link}");
    }
}

#[test]
fn what_is_no_feed_says_what_it_is() {
    for (document, message, hint) in [
        ("", "the feed is empty", None),
        (" \u{feff}\n", "the feed is empty", None),
        ("just words", "this is no feed", Some("Orion reads RSS, RDF, Atom and JSON Feed")),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", "this XML document is no feed (root: svg)", None),
        (
            "<!DOCTYPE html><html><head><link rel=alternate type='application/rss+xml' href='/feed.xml'></head></html>",
            "this is a web page, not a feed",
            Some("the page names this feed: /feed.xml"),
        ),
        (
            "<html><body>Not found</body></html>",
            "this is a web page, not a feed",
            Some("give the address of its RSS or Atom feed"),
        ),
        (
            "{\"error\":\"no\"}",
            "this JSON is no feed",
            Some("a JSON Feed has a version of jsonfeed.org and a list of items"),
        ),
        ("<rss><channel><title>T</title><item><title>cu", "the feed ends in the middle", Some("fetch it again")),
    ] {
        let error = parse(document).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str(), error.hint()),
            (ErrorKind::Invalid, message, hint),
            "{document}"
        );
    }
    assert_eq!(parse("[1,2]").unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(parse("<rss version='2.0'><channel><title>Quiet</title></channel></rss>").unwrap().items.len(), 0);
}

#[test]
fn limits() {
    let items = "<item><title>x</title></item>".repeat(50);
    let document = format!("<rss><channel>{items}</channel></rss>");
    let few = FeedLimits { items: 10, ..FeedLimits::default() };
    assert_eq!(parse_feed(document.as_bytes(), None, &few).unwrap().items.len(), 10);
    let small = FeedLimits { bytes: 100, ..FeedLimits::default() };
    assert_eq!(parse_feed(document.as_bytes(), None, &small).unwrap_err().kind(), ErrorKind::Exhausted);
}
