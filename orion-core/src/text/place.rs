//! Places that are known by their names: countries, and the cities that news is mostly from.
//!
//! Only names that hardly ever mean anything else are listed: no `Georgia`, `Jordan`, `Chad`, `Nice` or `Reading`. A place
//! that is not listed is none; to show too few is better than to take a person for a town.

use super::claim::split_words;
use std::ops::Range;

/// Countries in the languages that the lists know, where the names differ, and regions that are spoken of like countries.
const COUNTRIES: &str = "afghanistan|albania|algeria|andorra|angola|argentina|armenia|australia|austria|azerbaijan|bahrain|\
    bangladesh|barbados|belarus|belgium|belize|benin|bhutan|bolivia|bosnia|botswana|brazil|brunei|bulgaria|burkina faso|\
    burundi|cambodia|cameroon|canada|chile|china|colombia|costa rica|croatia|cuba|cyprus|czechia|denmark|djibouti|ecuador|\
    egypt|el salvador|eritrea|estonia|eswatini|ethiopia|fiji|finland|france|gabon|gambia|germany|ghana|greece|greenland|\
    guatemala|guinea|guyana|haiti|honduras|hungary|iceland|india|indonesia|iran|iraq|ireland|israel|italy|ivory coast|\
    jamaica|japan|kazakhstan|kenya|kosovo|kuwait|kyrgyzstan|laos|latvia|lebanon|lesotho|liberia|libya|liechtenstein|\
    lithuania|luxembourg|madagascar|malawi|malaysia|maldives|mali|malta|mauritania|mauritius|mexico|moldova|mongolia|\
    montenegro|morocco|mozambique|myanmar|namibia|nepal|netherlands|new zealand|nicaragua|nigeria|north korea|\
    north macedonia|northern ireland|norway|oman|pakistan|palestine|panama|paraguay|peru|philippines|poland|portugal|qatar|\
    romania|russia|rwanda|saudi arabia|scotland|senegal|serbia|sierra leone|singapore|slovakia|slovenia|somalia|\
    south africa|south korea|south sudan|spain|sri lanka|sudan|suriname|sweden|switzerland|syria|taiwan|tajikistan|tanzania|\
    thailand|tibet|tunisia|turkmenistan|uganda|ukraine|united arab emirates|united kingdom|united states|uruguay|\
    uzbekistan|venezuela|vietnam|wales|yemen|zambia|zimbabwe|deutschland|österreich|schweiz|frankreich|italien|spanien|\
    polen|schweden|norwegen|dänemark|finnland|russland|griechenland|großbritannien|türkei|brasilien|mexiko|kanada|\
    australien|brasil|espanha|frança|alemanha|itália|inglaterra|méxico|canadá|japão|rússia|grécia|suíça|españa|francia|\
    alemania|italia|perú|panamá|japón|rusia|grecia|suiza|brésil|espagne|allemagne|italie|suisse|belgique|mexique|japon|\
    russie|grèce|norvège|suède|pologne|england|california|texas|florida|alaska|hawaii|ontario|quebec|bavaria|catalonia|\
    siberia|antarctica|minnesota|oregon|colorado|arizona|ohio|michigan|illinois|massachusetts|new jersey|new mexico|\
    north carolina|south carolina|tennessee|kentucky|alabama|louisiana|oklahoma|kansas|nebraska|utah|nevada|montana|idaho|\
    wyoming|wisconsin|iowa|missouri|arkansas|mississippi|pennsylvania|vermont|connecticut|rhode island|new hampshire|\
    british columbia|alberta|queensland|new south wales|tasmania";

/// Cities.
const CITIES: &str = "abidjan|abu dhabi|accra|addis ababa|amsterdam|ankara|antwerp|athens|atlanta|auckland|baghdad|baku|\
    bangalore|bangkok|barcelona|basel|beijing|beirut|belfast|belgrade|bergen|berlin|bilbao|birmingham|bogotá|bologna|\
    bordeaux|boston|brasília|bratislava|brisbane|brussels|bucharest|budapest|buenos aires|cairo|calcutta|canberra|cape town|\
    caracas|cardiff|casablanca|chicago|christchurch|cologne|copenhagen|córdoba|curitiba|dakar|dallas|damascus|delhi|denver|\
    detroit|dhaka|doha|dortmund|dresden|dubai|dublin|durban|düsseldorf|edinburgh|essen|florence|frankfurt|geneva|genoa|\
    glasgow|gothenburg|guadalajara|guangzhou|hamburg|hanoi|hanover|havana|helsinki|hiroshima|ho chi minh city|hong kong|\
    houston|hyderabad|istanbul|jakarta|jerusalem|johannesburg|kabul|karachi|kathmandu|khartoum|kiev|kyiv|köln|kraków|\
    kuala lumpur|kyoto|lagos|lahore|las vegas|leeds|leipzig|lima|lisbon|lisboa|liverpool|ljubljana|london|londres|\
    los angeles|lyon|madrid|manchester|manila|marseille|mecca|medellín|melbourne|mexico city|miami|milan|minneapolis|minsk|\
    mogadishu|montevideo|montreal|moscow|mumbai|munich|münchen|nairobi|nantes|naples|new delhi|new orleans|new york|\
    new york city|newcastle|oslo|ottawa|palermo|paris|perth|philadelphia|phnom penh|pittsburgh|porto|porto alegre|portland|\
    prague|pretoria|pyongyang|quito|recife|reykjavik|riga|rio de janeiro|riyadh|rome|rotterdam|saint petersburg|salvador|\
    salzburg|san diego|san francisco|santiago|são paulo|sarajevo|seattle|seoul|seville|shanghai|sheffield|shenzhen|skopje|\
    sofia|st petersburg|stockholm|stuttgart|sydney|taipei|tallinn|tbilisi|tehran|tel aviv|the hague|tirana|tokyo|toronto|\
    toulouse|trondheim|tripoli|tunis|turin|utrecht|valencia|vancouver|venice|vienna|vilnius|warsaw|washington|\
    washington dc|wellington|wien|wuhan|yokohama|zagreb|zürich|zurich";

/// Words before a place that something happens at.
const AT: &[&str] = &[
    "in",
    "at",
    "near",
    "outside",
    "across",
    "around",
    "throughout",
    "im",
    "bei",
    "em",
    "no",
    "na",
    "en",
    "à",
    "au",
    "aux",
];

/// A place that a text names as where something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name as written.
    pub name: String,
    /// What it lies in, as written right behind it: `Norway` of `Bergen, Norway`.
    pub region: Option<String>,
    /// Where it stands in the text with the preposition before it, in bytes.
    pub range: Range<usize>,
}

fn listed(list: &str, name: &str) -> bool {
    list.split('|').any(|known| known == name)
}

/// The first place that a text names behind a preposition, such as `in Bergen, Norway`. A name that is not known is a
/// place where a country stands behind it.
///
/// ```
/// let place = orion_core::text::place::place("Divers found cracks in Voss, Norway.").unwrap();
/// assert_eq!((place.name.as_str(), place.region.as_deref()), ("Voss", Some("Norway")));
/// assert_eq!(orion_core::text::place::place("They believe in Paris Hilton."), None);
/// ```
pub fn place(text: &str) -> Option<Place> {
    const LONGEST: usize = 4;
    let words = split_words(text);
    let capital = |index: usize| words[index].core.starts_with(char::is_uppercase);
    // The words from `start` on that are written as one name, up to the first mark.
    let run = |start: usize| {
        let mut end = start;
        while end < words.len() && end - start < LONGEST {
            let joins =
                end > start && matches!(words[end].core, "de" | "of") && end + 1 < words.len() && capital(end + 1);
            if !(capital(end) || joins) || !words[end].before.is_empty() {
                break;
            }
            end += 1;
            if !words[end - 1].after.is_empty() {
                break;
            }
        }
        end
    };
    let named = |start: usize, end: usize| {
        text.get(words[start].range.start..words[end - 1].range.end)
            .map(|name| name.trim_end_matches("'s").trim_end_matches("’s"))
    };
    (0..words.len()).find_map(|index| {
        let start = index + 1;
        let lower = words[index].core.to_lowercase();
        if !AT.contains(&lower.as_str()) || !words[index].after.is_empty() || start >= words.len() {
            return None;
        }
        // `in the Netherlands`
        let start = if words[start].core == "the" { start + 1 } else { start };
        let end = if start < words.len() { run(start) } else { start };
        let name = if end > start { named(start, end)? } else { return None };
        let behind = words.get(end).filter(|_| words[end - 1].after == ",").and_then(|_| {
            let last = run(end);
            let region = if last > end { named(end, last)? } else { return None };
            listed(COUNTRIES, &region.to_lowercase()).then(|| (region.to_owned(), last))
        });
        let lower = name.to_lowercase();
        let known = listed(COUNTRIES, &lower) || listed(CITIES, &lower);
        // `in Paris` ends there; `in Paris Hilton` is somebody.
        if !known && behind.is_none() {
            return None;
        }
        let last = behind.as_ref().map_or(end, |(_, last)| *last);
        let range = words[index].range.start..words[last - 1].range.end;
        Some(Place { name: name.to_owned(), region: behind.map(|(region, _)| region), range })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, Option<String>)> {
        place(text).map(|place| (place.name, place.region))
    }

    #[test]
    fn places_stand_behind_a_preposition() {
        assert_eq!(found("The bridge in Bergen fell."), Some(("Bergen".to_owned(), None)));
        assert_eq!(
            found("A storm near San Francisco, California, ended."),
            Some(("San Francisco".to_owned(), Some("California".to_owned())))
        );
        assert_eq!(found("Em São Paulo choveu."), Some(("São Paulo".to_owned(), None)));
        assert_eq!(found("Roads in the Netherlands are flat."), Some(("Netherlands".to_owned(), None)));
        assert_eq!(found("It happened in Rio de Janeiro yesterday."), Some(("Rio de Janeiro".to_owned(), None)));
    }

    #[test]
    fn people_and_things_are_no_places() {
        for text in [
            "They believe in Paris Hilton.",
            "Norway wins.",
            "Shares in Google fell.",
            "In London Road it rains.",
            "In",
            "",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_listed_once_and_small() {
        for list in [COUNTRIES, CITIES] {
            let names: Vec<&str> = list.split('|').collect();
            for (index, name) in names.iter().enumerate() {
                assert_eq!(*name, name.trim(), "{name}");
                assert_eq!(*name, name.to_lowercase());
                assert!(!names[..index].contains(name), "{name} stands there twice");
            }
        }
    }
}
