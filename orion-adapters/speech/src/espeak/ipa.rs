//! The phonemes of other languages, for Piper voices that speak them.

use super::{PROGRAM, script, unknown};
use crate::child::{self, Limits};
use crate::piper::Voiced;
use orion_core::{Cancellation, Error, ErrorKind, Result};
use orion_voice::normal::Pause;
use std::time::Duration;

const LIMITS: Limits = Limits { deadline: Duration::from_secs(30), output: 4 << 20 };

/// The sounds of every word as shown.
///
/// Words are asked for phrase by phrase, so that they are said as in a sentence. Where the program gives more or fewer
/// words than were asked for (numbers, words it joins) those of that phrase are asked for one by one.
///
/// # Errors
/// `Unavailable` if the program is not installed, `Unsupported` if it does not know the language.
pub(crate) async fn sounds(shown: &[&str], voice: &str, cancellation: &Cancellation) -> Result<Vec<Voiced>> {
    let said = script(shown, voice);
    let mut voiced: Vec<Voiced> = said.iter().map(|said| Voiced { sounds: Vec::new(), pause: said.pause }).collect();
    let mut alone: Vec<usize> = Vec::new();
    let mut phrases: Vec<Vec<usize>> = vec![Vec::new()];
    for (index, said) in said.iter().enumerate() {
        if let Some(phrase) = phrases.last_mut().filter(|_| !said.words.is_empty()) {
            phrase.push(index);
        }
        if said.pause != Pause::None {
            phrases.push(Vec::new());
        }
    }
    phrases.retain(|phrase| !phrase.is_empty());
    let text =
        |words: &[usize]| words.iter().flat_map(|&index| said[index].words.clone()).collect::<Vec<_>>().join(" ");
    let asked: Vec<String> = phrases.iter().map(|phrase| text(phrase)).collect();
    let answers = ask(&asked, voice, cancellation).await?;
    for (number, phrase) in phrases.iter().enumerate() {
        let words: Vec<&str> = answers.get(number).map(|line| line.split_whitespace().collect()).unwrap_or_default();
        if answers.len() == phrases.len() && words.len() == phrase.len() {
            phrase.iter().zip(words).for_each(|(&index, word)| voiced[index].sounds = vec![word.chars().collect()]);
        } else {
            alone.extend(phrase);
        }
    }
    let asked: Vec<String> = alone.iter().map(|&index| text(&[index])).collect();
    let answers = ask(&asked, voice, cancellation).await?;
    for (number, &index) in alone.iter().enumerate() {
        let answer = if answers.len() == alone.len() {
            answers.get(number).cloned().unwrap_or_default()
        } else {
            ask(&asked[number..=number], voice, cancellation).await?.join(" ")
        };
        voiced[index].sounds = answer.split_whitespace().map(|word| word.chars().collect()).collect();
    }
    Ok(voiced)
}

/// A line of phonemes for each paragraph, if the program sees the paragraphs as we do.
async fn ask(paragraphs: &[String], voice: &str, cancellation: &Cancellation) -> Result<Vec<String>> {
    if paragraphs.is_empty() {
        return Ok(Vec::new());
    }
    let arguments = ["--stdin", "--ipa", "-q", "-b", "1", "-v", voice];
    let input = paragraphs.join("\n\n");
    let output = child::run(PROGRAM, &arguments, input.as_bytes(), LIMITS, cancellation).await.map_err(|error| {
        if error.kind() == ErrorKind::Unavailable {
            Error::unavailable("a voice of this language needs espeak-ng for its pronunciation")
                .with_context("language", voice)
                .with_hint("install it (Debian: `apt-get install espeak-ng`), or choose an English voice")
                .with_source(error)
        } else {
            error
        }
    })?;
    if !output.success {
        return Err(unknown(voice, &output.complaint));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(|line| without_switches(line.trim())).filter(|line| !line.is_empty()).collect())
}

/// The program marks words of another language as `(en)…(de)`; the marks are not spoken.
fn without_switches(line: &str) -> String {
    let mut depth = 0_u32;
    line.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .filter(|c| !matches!(c, '\u{361}' | '\u{200d}'))
        .collect()
}
