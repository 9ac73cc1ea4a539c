//! Tags of the file. Text of strangers goes into a file that ffmpeg reads as data, never onto its command line.

/// Name of the file within the working folder.
pub(super) const FILE: &str = "tags.txt";
/// Most characters of a title.
const MOST_CHARACTERS: usize = 200;

/// An FFMETADATA file with a title.
pub(super) fn contents(title: &str) -> String {
    format!(";FFMETADATA1\ntitle={}\n", escaped(title))
}

/// On one line, with every character escaped that means something in the format.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().take(MOST_CHARACTERS) {
        match character {
            '=' | ';' | '#' | '\\' => out.extend(['\\', character]),
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_a_title() {
        let hostile = "a=b;c#d\\e\n[CHAPTER]\nSTART=0\0end";
        assert_eq!(contents(hostile), ";FFMETADATA1\ntitle=a\\=b\\;c\\#d\\\\e [CHAPTER] START\\=0 end\n");
        assert_eq!(contents(&"x".repeat(1000)).len(), ";FFMETADATA1\ntitle=\n".len() + 200);
    }
}
