//! Graphs: checked as ComfyUI checks them, and carried out for what their outputs need.

use crate::running::{clip, encoded, painted};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a class asks for: inputs that are values, and inputs that are wires.
struct Class {
    name: &'static str,
    values: &'static [&'static str],
    wires: &'static [&'static str],
    is_output: bool,
}

const fn class(
    name: &'static str,
    values: &'static [&'static str],
    wires: &'static [&'static str],
    is_output: bool,
) -> Class {
    Class { name, values, wires, is_output }
}

const CLASSES: &[Class] = &[
    class("CheckpointLoaderSimple", &["ckpt_name"], &[], false),
    class("ImageOnlyCheckpointLoader", &["ckpt_name"], &[], false),
    class("CLIPTextEncode", &["text"], &["clip"], false),
    class("EmptyLatentImage", &["width", "height", "batch_size"], &[], false),
    class(
        "KSampler",
        &["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
        &["model", "positive", "negative", "latent_image"],
        false,
    ),
    class("VAEDecode", &[], &["samples", "vae"], false),
    class("SaveImage", &["filename_prefix"], &["images"], true),
    class("LoadImage", &["image"], &[], false),
    class(
        "SVD_img2vid_Conditioning",
        &["width", "height", "video_frames", "motion_bucket_id", "fps", "augmentation_level"],
        &["clip_vision", "init_image", "vae"],
        false,
    ),
    class("VideoLinearCFGGuidance", &["min_cfg"], &["model"], false),
    class("CreateVideo", &["fps"], &["images"], false),
    class("SaveVideo", &["filename_prefix", "format", "codec"], &["video"], true),
];

const MODELS: [&str; 3] = ["sd_xl_base_1.0.safetensors", "svd_xt_1_1.safetensors", "other.safetensors"];

/// Whole numbers that inputs must lie between, and a multiple that they must be of.
const BOUNDS: &[(&str, u64, u64, u64)] = &[
    ("width", 16, 16_384, 8),
    ("height", 16, 16_384, 8),
    ("batch_size", 1, 4096, 1),
    ("seed", 0, u64::MAX, 1),
    ("steps", 1, 10_000, 1),
    ("video_frames", 1, 4096, 1),
    ("motion_bucket_id", 1, 1023, 1),
];

/// The answer to a graph that is not taken.
pub(crate) fn fault_of(
    graph: &Value,
    lacks: &[String],
    no_models: bool,
    uploads: &BTreeMap<String, Vec<u8>>,
    old: bool,
) -> Option<Value> {
    let nodes = match graph.as_object() {
        Some(nodes) if !nodes.is_empty() => nodes,
        _ => {
            return Some(
                json!({"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}, "node_errors": {}}),
            );
        }
    };
    for (id, node) in nodes {
        let name = node["class_type"].as_str().unwrap_or_default();
        if lacks.iter().any(|lacked| lacked == name) || !CLASSES.iter().any(|class| class.name == name) {
            let error = match old {
                true => {
                    json!({"type": "invalid_prompt", "message": format!("Cannot execute because node {name} does not exist."),
                    "details": format!("Node ID '#{id}'"), "extra_info": {}})
                }
                false => {
                    json!({"type": "missing_node_type", "message": format!("Node '{name}' not found. The custom node may not be installed."),
                    "details": format!("Node ID '#{id}'"), "extra_info": {"node_id": id, "class_type": name, "node_title": name}})
                }
            };
            return Some(json!({"error": error, "node_errors": {}}));
        }
    }
    if !nodes.values().any(|node| class_of(node).is_output) {
        return Some(
            json!({"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}, "node_errors": {}}),
        );
    }
    let mut faults = Map::new();
    for (id, node) in nodes {
        let errors = node_faults(nodes, node, no_models, uploads);
        if !errors.is_empty() {
            faults.insert(
                id.clone(),
                json!({"errors": errors, "dependent_outputs": ["7"], "class_type": node["class_type"]}),
            );
        }
    }
    let failed = json!({"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}});
    (!faults.is_empty()).then(|| json!({"error": failed, "node_errors": faults}))
}

fn class_of(node: &Value) -> &'static Class {
    CLASSES.iter().find(|class| Some(class.name) == node["class_type"].as_str()).unwrap()
}

fn node_faults(
    nodes: &Map<String, Value>,
    node: &Value,
    no_models: bool,
    uploads: &BTreeMap<String, Vec<u8>>,
) -> Vec<Value> {
    let class = class_of(node);
    let inputs = &node["inputs"];
    let mut errors = Vec::new();
    let mut error = |kind: &str, message: &str, input: &str, value: &Value| {
        errors.push(json!({"type": kind, "message": message, "details": format!("{input}: {value}"),
            "extra_info": {"input_name": input, "received_value": value}}));
    };
    for input in class.values.iter().chain(class.wires) {
        let value = &inputs[input];
        if value.is_null() {
            error("required_input_missing", "Required input is missing", input, value);
            continue;
        }
        let wired = value
            .as_array()
            .is_some_and(|wire| wire.len() == 2 && nodes.contains_key(wire[0].as_str().unwrap_or_default()));
        if class.wires.contains(input) != wired {
            error(
                "bad_linked_input",
                "Bad linked input, must be a length-2 list of [node_id, slot_index]",
                input,
                value,
            );
        }
        if *input == "ckpt_name" && (no_models || !MODELS.contains(&value.as_str().unwrap_or_default())) {
            error("value_not_in_list", "Value not in list", input, value);
        }
        if *input == "image" && !uploads.contains_key(value.as_str().unwrap_or_default()) {
            error("custom_validation_failed", "Custom validation failed for node", input, value);
        }
        if *input == "text" && !value.is_string() {
            error("invalid_input_type", "Failed to convert an input value to a STRING value", input, value);
        }
        if let Some((_, least, most, of)) = BOUNDS.iter().find(|(name, ..)| name == input) {
            match value.as_u64() {
                None => error("invalid_input_type", "Failed to convert an input value to a INT value", input, value),
                Some(number) if !(*least..=*most).contains(&number) || number % of != 0 => {
                    error("value_bigger_than_max", "Value out of bounds", input, value);
                }
                Some(_) => {}
            }
        }
    }
    errors
}

/// The first node of a class.
pub(crate) fn first_of(graph: &Value, class: &str) -> Option<String> {
    graph.as_object()?.iter().find(|(_, node)| node["class_type"] == class).map(|(id, _)| id.clone())
}

/// What the outputs of a graph are, and the files that it makes, by `folder/subfolder/filename`.
pub(crate) fn carried_out(graph: &Value, number: u64, narrow: bool) -> (Value, BTreeMap<String, Vec<u8>>) {
    let (mut outputs, mut files) = (Map::new(), BTreeMap::new());
    let follow = |node: &Value, input: &str| graph[node["inputs"][input][0].as_str().unwrap_or_default()].clone();
    for (id, node) in graph.as_object().unwrap() {
        let (images, is_video) = match node["class_type"].as_str().unwrap() {
            "SaveImage" => (follow(node, "images"), false),
            "SaveVideo" => (follow(&follow(node, "video"), "images"), true),
            _ => continue,
        };
        let sampler = follow(&images, "samples");
        let latent = follow(&sampler, "latent_image");
        let size = |name: &str| latent["inputs"][name].as_u64().unwrap() as u32;
        let (width, height) = (size("width") / if narrow { 2 } else { 1 }, size("height"));
        let words = follow(&sampler, "positive")["inputs"]["text"].to_string() + &sampler["inputs"]["seed"].to_string();
        let prefix = node["inputs"]["filename_prefix"].as_str().unwrap();
        let (name, bytes) = if is_video {
            let (frames, fps) =
                (latent["inputs"]["video_frames"].as_u64().unwrap(), latent["inputs"]["fps"].as_u64().unwrap());
            let made = clip(width, height, frames as u32, fps as u32).unwrap_or_default();
            (format!("{prefix}_{number:05}_.mp4"), made)
        } else {
            (format!("{prefix}_{number:05}_.png"), encoded(&painted(width, height, &words), image::ImageFormat::Png))
        };
        let entry = json!({"filename": name, "subfolder": "", "type": "output"});
        let output = if is_video { json!({"images": [entry], "animated": [true]}) } else { json!({"images": [entry]}) };
        outputs.insert(id.clone(), output);
        files.insert(format!("output//{name}"), bytes);
    }
    (Value::Object(outputs), files)
}
