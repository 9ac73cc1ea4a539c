//! `orion template`: which templates there are, and what one looks like.

use super::output::Printing;
use super::{Failure, Setting, output};
use crate::delivery::write_file;
use crate::style;
use clap::{Args, Subcommand};
use orion_adapters::graphics::{FontKit, contact, draw, flat, picture};
use orion_core::domain::timeline::{Canvas, Format};
use orion_core::domain::{Card, Line, LineRole, Material, ScenePlan, Script, Template, VisualPrompt};
use orion_core::port::ImageRequest;
use orion_core::service::director::plan_styled;
use orion_core::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// `orion template …`
#[derive(Debug, Args)]
pub(super) struct TemplateCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the templates that are built in
    List {
        #[command(flatten)]
        printing: Printing,
    },
    /// Draw a sample video's scenes as a template has them, side by side
    Preview {
        /// A name of `orion template list`, or the path of a file
        template: String,
        /// Where to write the picture
        #[arg(long, short, value_name = "PNG", default_value = "template.png")]
        out: PathBuf,
        /// Shape of the picture: 9:16, 4:5, 1:1, 16:9 [default: that of the configuration]
        #[arg(long)]
        format: Option<String>,
    },
}

/// Height of a scene on the sheet, and the gap between two, in pixels.
const SCENE: u32 = 480;
const GAP: u32 = 16;
/// Scenes in a row.
const ROW: usize = 4;

/// A script whose lines fit every layout.
const SAMPLE: [(LineRole, &str); 8] = [
    (LineRole::Hook, "The oldest bridge of the town is about to fall."),
    (LineRole::Body, "The bridge opened in 1912, burned down in 1954 and was rebuilt in 1961."),
    (LineRole::Body, "Cars made 62 percent of the traffic, trams 25 percent and bicycles 13 percent."),
    (LineRole::Body, "“Nobody has looked at the pillars for years,” said Ann Roe."),
    (LineRole::Body, "The toll rises from £2 to £5 for each car."),
    (LineRole::Body, "The council closed the road near Bergen, Norway."),
    (LineRole::Body, "Divers found 40 cracks in the pillars of the bridge."),
    (LineRole::CallToAction, "What do you think? Tell us in the comments."),
];

impl TemplateCommand {
    /// How a list is printed; `--format` of a preview is the shape of its scenes.
    pub(super) fn printing(&self) -> Printing {
        match &self.command {
            Action::List { printing } => *printing,
            Action::Preview { .. } => Printing::default(),
        }
    }

    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        match self.command {
            Action::List { .. } => {
                let templates = style::built_in()?;
                if setting.json() {
                    let shown: Vec<serde_json::Value> = templates
                        .iter()
                        .map(|(name, template)| serde_json::json!({ "name": name, "template": template }))
                        .collect();
                    output::print_json(&shown)?;
                } else {
                    let row =
                        |(name, template): &(&str, Template)| vec![(*name).to_owned(), template.description.clone()];
                    let rows: Vec<Vec<String>> = templates.iter().map(row).collect();
                    output::print_rows(&["TEMPLATE", "WHAT"], &rows, 110, setting.format)?;
                }
            }
            Action::Preview { template, out, format } => {
                let format: Format = format.as_deref().unwrap_or(&setting.config.format).parse()?;
                let found = style::template(&template)?.ok_or_else(|| {
                    Error::invalid("name the template to be shown")
                        .with_hint("`orion template list` tells which there are")
                })?;
                let name = found.name.clone();
                let png = tokio::task::spawn_blocking(move || preview(&found, format.canvas(30))).await;
                let png =
                    png.map_err(|error| Error::unexpected("drawing the template broke off").with_source(error))??;
                write_file(&out, &png)?;
                if setting.json() {
                    output::print_json(&serde_json::json!({ "template": name, "file": out }))?;
                } else {
                    output::print_line(&out.display().to_string())?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The plan of the sample.
fn planned(template: &Template) -> ScenePlan {
    let line = |(role, text): &(LineRole, &str)| Line {
        role: *role,
        text: (*text).to_owned(),
        sources: Vec::new(),
        visual_cue: String::new(),
    };
    let (topic, language) = (template.name.clone(), "en".to_owned());
    let lines = SAMPLE.iter().map(line).collect();
    let script = Script { title: topic.clone(), language: language.clone(), lines, author: "user".to_owned() };
    let material = Material { topic, language, sources: Vec::new(), notes: Vec::new() };
    plan_styled(&script, &material, Some(template))
}

/// The scenes of the sample as a template has them.
fn preview(template: &Template, canvas: Canvas) -> Result<Vec<u8>> {
    let plan = planned(template);
    let kit = FontKit::shared();
    let draw = |prompt: &VisualPrompt| {
        let request = ImageRequest {
            prompt: String::new(),
            negative_prompt: String::new(),
            card: credited(&prompt.card, &template.name),
            look: plan.look.clone(),
            picture: None,
            width: canvas.width,
            height: canvas.height,
            seed: plan.look.seed.wrapping_add(u64::from(prompt.scene_number)),
            scene_number: prompt.scene_number,
        };
        flat(&draw(kit, &request, None)?.layers, canvas.width, canvas.height)
    };
    let scenes = plan.prompts.iter().map(draw).collect::<Result<Vec<_>>>()?;
    let rows: Vec<Vec<_>> = scenes.chunks(ROW).map(<[_]>::to_vec).collect();
    picture::encode_png_rgb(&contact(&rows, SCENE, GAP)?)
}

/// The closing card names the template where a video names its sources.
fn credited(card: &Card, name: &str) -> Card {
    match card {
        Card::Closing { headline, .. } => Card::Closing { headline: headline.clone(), credits: vec![name.to_owned()] },
        card => card.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::Layout;

    #[test]
    fn the_sample_shows_what_a_template_can_have() {
        let png =
            preview(&Template { name: "Test".to_owned(), ..Template::default() }, Format::Square.canvas(30)).unwrap();
        let (width, height) = picture::dimensions(&png).unwrap();
        assert_eq!((width, height), (4 * (SCENE + GAP) + GAP, 2 * (SCENE + GAP) + GAP));
    }

    #[test]
    fn every_scene_of_the_sample_has_another_layout() {
        let plan = planned(&Template { name: "Test".to_owned(), ..Template::default() });
        let kinds: Vec<Layout> = plan.prompts.iter().map(|prompt| prompt.card.layout()).collect();
        let mut sorted = kinds.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), kinds.len(), "{kinds:?}");
    }
}
