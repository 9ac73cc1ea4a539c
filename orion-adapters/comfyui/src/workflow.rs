//! Workflows: graphs in ComfyUI's API format with named inputs.

use orion_core::{Error, Result};
use serde_json::{Map, Value};
use std::fmt;

/// Largest workflow file.
const MOST_BYTES: usize = 1 << 20;
/// What a title begins with whose node takes values.
const MARK: &str = "orion:";

/// A value that a workflow can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Input {
    /// What is seen.
    Prompt,
    /// What must not be seen.
    Negative,
    /// Width in pixels.
    Width,
    /// Height in pixels.
    Height,
    /// Seed of the noise.
    Seed,
    /// Number of sampling steps.
    Steps,
    /// How closely the prompt is followed.
    Cfg,
    /// File of the model.
    Checkpoint,
    /// Name of the still that was uploaded, for nodes that load pictures.
    Image,
    /// Number of frames of a clip.
    Frames,
    /// Frames a second of a clip.
    Fps,
    /// How much moves, 1 to 255.
    Motion,
}

impl Input {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Prompt,
        Self::Negative,
        Self::Width,
        Self::Height,
        Self::Seed,
        Self::Steps,
        Self::Cfg,
        Self::Checkpoint,
        Self::Image,
        Self::Frames,
        Self::Fps,
        Self::Motion,
    ];

    /// Its name in titles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Negative => "negative",
            Self::Width => "width",
            Self::Height => "height",
            Self::Seed => "seed",
            Self::Steps => "steps",
            Self::Cfg => "cfg",
            Self::Checkpoint => "checkpoint",
            Self::Image => "image",
            Self::Frames => "frames",
            Self::Fps => "fps",
            Self::Motion => "motion",
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A graph with places for values.
///
/// A node whose title begins with `orion:` takes values; what follows says which: `field=value` sets the node's input
/// `field`, and one word means that both have the same name. `orion: width, height` on "Empty Latent Image",
/// `orion: text=prompt` on "CLIP Text Encode", `orion: noise_seed=seed` on a sampler, `orion: image` on "Load Image".
/// A text that holds `%prompt%` or `%negative%` keeps its other words: `photo of %prompt%, 35 mm`. Values that a
/// workflow does not take stay as they are in the file.
///
/// ```
/// use orion_comfyui::{Input, Workflow};
/// let workflow = Workflow::parse(
///     r#"{"3": {"class_type": "CLIPTextEncode", "_meta": {"title": "orion: text=prompt"},
///         "inputs": {"text": "photo of %prompt%", "clip": ["1", 1]}}}"#,
/// )?;
/// assert!(workflow.takes(Input::Prompt) && !workflow.takes(Input::Seed));
/// # Ok::<(), orion_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    nodes: Map<String, Value>,
    places: Vec<Place>,
}

/// An input of a node that takes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    node: String,
    field: String,
    input: Input,
}

impl Workflow {
    /// Reads a graph in the API format.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) with the node and what is wrong with it.
    pub fn parse(json: &str) -> Result<Self> {
        if json.len() > MOST_BYTES {
            return Err(Error::invalid("the workflow file is larger than a megabyte"));
        }
        let value: Value = serde_json::from_str(json)
            .map_err(|error| Error::invalid("the workflow is not JSON").with_hint(EXPORT).with_source(error))?;
        let Value::Object(nodes) = value else {
            return Err(Error::invalid("the workflow is not an object of nodes").with_hint(EXPORT));
        };
        if nodes.contains_key("nodes") && nodes.contains_key("links") {
            return Err(Error::invalid("the workflow is in the format of the editor, not of the API").with_hint(EXPORT));
        }
        if nodes.is_empty() {
            return Err(Error::invalid("the workflow has no nodes").with_hint(EXPORT));
        }
        let mut places = Vec::new();
        for (name, node) in &nodes {
            let fields = match (node.get("class_type").and_then(Value::as_str), node.get("inputs")) {
                (Some(_), Some(Value::Object(fields))) => fields,
                _ => {
                    return Err(Error::invalid("a node of the workflow has no class or no inputs")
                        .with_context("node", name)
                        .with_hint(EXPORT));
                }
            };
            let title = node.pointer("/_meta/title").and_then(Value::as_str).unwrap_or_default().trim();
            if let Some(words) =
                title.get(..MARK.len()).filter(|mark| mark.eq_ignore_ascii_case(MARK)).and(title.get(MARK.len()..))
            {
                for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                    places.push(place(name, fields, word)?);
                }
            }
            for (field, value) in fields {
                for input in [Input::Prompt, Input::Negative] {
                    let held = value.as_str().is_some_and(|text| text.contains(&mark(input)));
                    let new = Place { node: name.clone(), field: field.clone(), input };
                    if held && !places.contains(&new) {
                        places.push(new);
                    }
                }
            }
        }
        Ok(Self { nodes, places })
    }

    /// The graph for SDXL that this crate brings.
    ///
    /// # Errors
    /// None in practice: the file is part of the program, and tested.
    pub fn text_to_image() -> Result<Self> {
        Self::parse(include_str!("../workflows/txt2img.json"))
    }

    /// The graph for Stable Video Diffusion that this crate brings.
    ///
    /// # Errors
    /// None in practice: the file is part of the program, and tested.
    pub fn image_to_video() -> Result<Self> {
        Self::parse(include_str!("../workflows/img2vid.json"))
    }

    /// Whether it has a place for a value.
    pub fn takes(&self, input: Input) -> bool {
        self.places.iter().any(|place| place.input == input)
    }

    /// Checks that it has a place for each of these.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) with all that are missing.
    pub fn require(&self, inputs: &[Input]) -> Result<()> {
        let missing: Vec<&str> = inputs.iter().filter(|input| !self.takes(**input)).map(|input| input.name()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::invalid("the workflow has no place for some of its values")
            .with_context("missing", missing.join(", "))
            .with_hint(
                "give the nodes that take them titles such as `orion: text=prompt`, `orion: width, height` or \
                 `orion: noise_seed=seed`, and export the workflow again",
            ))
    }

    /// The value that stands in a place, if it has one.
    pub(crate) fn standing(&self, input: Input) -> Option<&Value> {
        let place = self.places.iter().find(|place| place.input == input)?;
        self.nodes.get(&place.node)?.get("inputs")?.get(&place.field)
    }

    /// The graph with these values in their places.
    pub(crate) fn filled(&self, values: &[(Input, Value)]) -> Value {
        let mut nodes = self.nodes.clone();
        for place in &self.places {
            let Some((_, value)) = values.iter().find(|(input, _)| *input == place.input) else { continue };
            let field = nodes.get_mut(&place.node).and_then(|node| node.get_mut("inputs")?.get_mut(&place.field));
            if let Some(field) = field {
                *field = match (&*field, value.as_str()) {
                    (Value::String(text), Some(words)) if text.contains(&mark(place.input)) => {
                        Value::String(text.replace(&mark(place.input), words))
                    }
                    _ => value.clone(),
                };
            }
        }
        Value::Object(nodes)
    }

    /// The title of a node for people, or its class.
    pub(crate) fn name_of(&self, node: &str) -> Option<&str> {
        self.nodes.get(node)?.get("class_type")?.as_str()
    }
}

const EXPORT: &str = "in ComfyUI, choose Workflow, Export (API), and name the file that it saves";

/// `%prompt%`
fn mark(input: Input) -> String {
    format!("%{input}%")
}

/// Reads `field=value`, or one word for both.
fn place(node: &str, fields: &Map<String, Value>, word: &str) -> Result<Place> {
    let (field, value) = word.split_once('=').map_or((word, word), |(field, value)| (field.trim(), value.trim()));
    let wrong = |message: &'static str, hint: String| {
        Err(Error::invalid(message).with_context("node", node).with_context("title", word).with_hint(hint))
    };
    let Some(input) = Input::ALL.into_iter().find(|input| input.name() == value) else {
        let known: Vec<&str> = Input::ALL.iter().map(|input| input.name()).collect();
        return wrong("a title of the workflow names an unknown value", format!("known: {}", known.join(", ")));
    };
    match fields.get(field) {
        None => {
            let known: Vec<&str> = fields.keys().map(String::as_str).collect();
            wrong(
                "a title of the workflow names an input that its node does not have",
                format!("it has: {}", known.join(", ")),
            )
        }
        Some(Value::Array(_)) => wrong(
            "a title of the workflow names an input that another node fills",
            "put the title on the node at the other end of the wire".to_owned(),
        ),
        Some(_) => Ok(Place { node: node.to_owned(), field: field.to_owned(), input }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_built_in_workflows_take_what_is_needed() {
        let image = Workflow::text_to_image().unwrap();
        let needed =
            [Input::Prompt, Input::Negative, Input::Width, Input::Height, Input::Seed, Input::Steps, Input::Cfg];
        image.require(&needed).unwrap();
        assert_eq!(image.standing(Input::Checkpoint).unwrap(), "sd_xl_base_1.0.safetensors");
        let clip = Workflow::image_to_video().unwrap();
        clip.require(&[Input::Image, Input::Width, Input::Height, Input::Frames, Input::Fps, Input::Motion]).unwrap();
        assert_eq!(clip.name_of("3"), Some("SVD_img2vid_Conditioning"));
    }

    #[test]
    fn values_go_to_their_places_and_nothing_else_changes() {
        let file = json!({
            "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "photo of %prompt%, 35 mm", "clip": ["9", 1]}},
            "2": {"class_type": "RandomNoise", "_meta": {"title": "Orion: noise_seed = seed"}, "inputs": {"noise_seed": 1}},
            "3": {"class_type": "EmptyLatentImage", "_meta": {"title": "orion: width,height"}, "inputs": {"width": 1, "height": 2, "batch_size": 1}},
        });
        let workflow = Workflow::parse(&file.to_string()).unwrap();
        workflow.require(&[Input::Prompt, Input::Seed, Input::Width, Input::Height]).unwrap();
        let hostile = r#"a "cat" %negative% \ ["9", 0]"#;
        let filled = workflow.filled(&[
            (Input::Prompt, hostile.into()),
            (Input::Seed, u64::MAX.into()),
            (Input::Width, 768.into()),
            (Input::Height, 1368.into()),
            (Input::Steps, 20.into()),
        ]);
        let mut expected = file.clone();
        expected["1"]["inputs"]["text"] = format!("photo of {hostile}, 35 mm").into();
        expected["2"]["inputs"]["noise_seed"] = u64::MAX.into();
        expected["3"]["inputs"]["width"] = 768.into();
        expected["3"]["inputs"]["height"] = 1368.into();
        assert_eq!(filled, expected);
    }

    #[test]
    fn what_is_wrong_with_a_workflow_is_said() {
        let check = |json: &str, expected: &[&str]| {
            let told = format!(
                "{:?}",
                Workflow::parse(json).and_then(|workflow| workflow.require(&[Input::Prompt, Input::Seed])).unwrap_err()
            );
            assert!(expected.iter().all(|part| told.contains(part)), "{told}");
        };
        let node = |title: &str| {
            json!({"5": {"class_type": "KSampler", "_meta": {"title": title}, "inputs": {"seed": 1, "model": ["1", 0]}}}).to_string()
        };
        check("{", &["not JSON", "Export (API)"]);
        check("[]", &["not an object"]);
        check("{}", &["no nodes"]);
        check(r#"{"nodes": [], "links": []}"#, &["format of the editor", "Export (API)"]);
        check(r#"{"5": {"inputs": {}}}"#, &["no class", "node: 5"]);
        check(&node("orion: seed=sead"), &["unknown value", "node: 5", "known: prompt"]);
        check(&node("orion: sead=seed"), &["does not have", "it has: model, seed"]);
        check(&node("orion: model=checkpoint"), &["another node fills"]);
        check(&node("orion: seed"), &["missing: prompt", "orion: text=prompt"]);
        check(&node("KSampler"), &["missing: prompt, seed"]);
        check(&" ".repeat(MOST_BYTES + 1), &["larger than a megabyte"]);
    }
}
