//! One VITS model in memory: phoneme numbers in, samples and the length of every phoneme out.
//!
//! The graph is run in three steps: up to the durations; on to the latent frames; and from those to the wave,
//! window by window. The noise is handed in between, so that the same words always sound the same (the exported graph
//! draws it without a seed). The windows bound the memory of the last step, which is nearly all of it, and overlap by
//! more than the decoder can see, so that they join without a seam.

use crate::noise::{Noise, seed_of};
use orion_core::{Cancellation, Error, ErrorKind, Result};
use rten::{Model, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use std::path::Path;
use std::sync::Arc;

/// The largest model file that is loaded: the largest Piper voices have about 115 MB.
const MOST_BYTES: u64 = 512 << 20;

/// Frames of one window: three seconds, about 150 MB.
const WINDOW: usize = 256;

/// Frames a window looks beyond its ends. The receptive field of the largest Piper decoder (HiFi-GAN V1, kernels to 11
/// with dilation to 5) reaches 14 frames, that of the medium one 11.
const OVERLAP: usize = 16;

/// Most frames that a phoneme sequence may become: two minutes, far above what a chunk gives.
const MOST_FRAMES: u64 = 120 * 100;

/// A loaded model. It has no state, so that it can run from any thread.
#[derive(Debug)]
pub(crate) struct Session {
    model: Model,
    nodes: Nodes,
    pool: Arc<ThreadPool>,
}

/// The values of the graph that are handed in or asked for. The names are those that the exporter of PyTorch gives
/// to Piper's model; every voice that `piper.train.export_onnx` wrote has them.
#[derive(Debug)]
struct Nodes {
    phonemes: NodeId,
    length: NodeId,
    scales: NodeId,
    speaker: Option<NodeId>,
    duration_noise: NodeId,
    durations: NodeId,
    noise: NodeId,
    latent: NodeId,
    output: NodeId,
}

/// What the model made of one phoneme sequence.
#[derive(Debug)]
pub(crate) struct Wave {
    /// Samples as the model gives them.
    pub(crate) samples: Vec<f32>,
    /// Samples of each phoneme number; their sum is exactly the number of samples.
    pub(crate) lengths: Vec<u64>,
}

impl Session {
    /// Loads a model and finds its parts.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt` or `Unsupported`, with the file.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let shown = path.display();
        let length = std::fs::metadata(path)
            .map_err(|error| {
                Error::not_found("the voice file is not there").with_context("file", &shown).with_source(error)
            })?
            .len();
        if length > MOST_BYTES {
            return Err(Error::new(ErrorKind::Unsupported, "the voice file is too large").with_context("bytes", length));
        }
        let model = Model::load_file(path).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the voice file cannot be loaded")
                .with_context("file", &shown)
                .with_hint("install the voice again, or point to another Piper voice")
                .with_source(error)
        })?;
        let find = |name: &'static str| {
            model
                .find_node(name)
                .ok_or_else(|| unlike_piper().with_context("file", &shown).with_context("missing", name))
        };
        let nodes = Nodes {
            phonemes: find("input")?,
            length: find("input_lengths")?,
            scales: find("scales")?,
            speaker: model.find_node("sid"),
            duration_noise: find("/dp/RandomNormalLike_output_0")?,
            durations: find("/Ceil_output_0")?,
            noise: find("/RandomNormalLike_output_0")?,
            latent: find("/Mul_7_output_0")?,
            output: find("output")?,
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { model, nodes, pool: Arc::new(ThreadPool::with_num_threads(threads)) })
    }

    /// Speaks one sequence. `scales` are noise, length and duration noise.
    ///
    /// # Errors
    /// `Cancelled`, or what is wrong with the model.
    pub(crate) fn speak(&self, ids: &[i32], scales: [f32; 3], cancellation: &Cancellation) -> Result<Wave> {
        let count = ids.len();
        let mut noise = Noise::new(seed_of(ids));
        let mut inputs = vec![
            (self.nodes.phonemes, NdTensor::from_data([1, count], ids.to_vec()).into()),
            (self.nodes.length, NdTensor::from_data([1], vec![count as i32]).into()),
            (self.nodes.scales, NdTensor::from_data([3], scales.to_vec()).into()),
            (self.nodes.duration_noise, NdTensor::from_data([1, 2, count], noise.take(2 * count)).into()),
        ];
        inputs.extend(self.speaker());
        let half = self
            .model
            .partial_run(inputs, &[self.nodes.durations, self.nodes.latent], self.options())
            .map_err(fault)?;
        let durations = half
            .iter()
            .find(|(id, _)| *id == self.nodes.durations)
            .and_then(|(_, value)| value.as_tensor_view::<f32>())
            .ok_or_else(|| Error::unexpected("the voice gave no durations"))?;
        let frames = durations.iter().map(|&frames| frames.max(0.0) as u64).collect::<Vec<_>>();
        let total = frames.iter().sum::<u64>();
        if frames.len() != count || total == 0 || total > MOST_FRAMES {
            return Err(Error::new(ErrorKind::Corrupt, "the voice gave impossible durations")
                .with_context("phonemes", count)
                .with_context("durations", frames.len())
                .with_context("frames", total));
        }
        // The noise has the shape of the frames' means, which are among the values found so far.
        let channels = half.iter().find_map(|(_, value)| match value.shape().as_slice() {
            [1, channels, frames] if *channels > 1 && *frames as u64 == total => Some(*channels),
            _ => None,
        });
        let channels = channels.ok_or_else(unlike_piper)?;
        let noise = NdTensor::from_data([1, channels, total as usize], noise.take(channels * total as usize));
        let mut inputs: Vec<_> = half.into_iter().map(|(id, value)| (id, value.into())).collect();
        inputs.push((self.nodes.noise, noise.into()));
        cancellation.check()?;
        let [latent] = self.model.run_n(inputs, [self.nodes.latent], self.options()).map_err(fault)?;
        let latent = NdTensor::<f32, 3>::try_from(latent).map_err(|_| unlike_piper())?;
        if latent.size(2) as u64 != total {
            return Err(unlike_piper());
        }
        let samples = self.decode(&latent, cancellation)?;
        let hop = samples.len() as u64 / total;
        if hop == 0 || hop * total != samples.len() as u64 {
            return Err(Error::new(ErrorKind::Corrupt, "the sound of the voice does not fit its durations")
                .with_context("samples", samples.len())
                .with_context("frames", total));
        }
        Ok(Wave { samples, lengths: frames.into_iter().map(|frames| frames * hop).collect() })
    }

    /// Draws the wave of latent frames, `[1, channels, frames]`.
    fn decode(&self, latent: &NdTensor<f32, 3>, cancellation: &Cancellation) -> Result<Vec<f32>> {
        let total = latent.size(2);
        let windows = total.div_ceil(WINDOW);
        let mut samples = Vec::new();
        for window in 0..windows {
            cancellation.check()?;
            let (start, end) = (total * window / windows, total * (window + 1) / windows);
            let (from, to) = (start.saturating_sub(OVERLAP), (end + OVERLAP).min(total));
            let mut inputs = vec![(self.nodes.latent, latent.slice((.., .., from..to)).to_tensor().into())];
            inputs.extend(self.speaker());
            let [wave] = self.model.run_n(inputs, [self.nodes.output], self.options()).map_err(fault)?;
            let wave = Tensor::<f32>::try_from(wave).map_err(|_| unlike_piper())?.into_data();
            let hop = wave.len() / (to - from);
            let kept = wave.get((start - from) * hop..(end - from) * hop).ok_or_else(unlike_piper)?;
            samples.extend_from_slice(kept);
        }
        Ok(samples)
    }

    /// The first speaker, for models that have several.
    fn speaker(&self) -> Option<(NodeId, ValueOrView<'static>)> {
        self.nodes.speaker.map(|node| (node, NdTensor::from_data([1], vec![0_i32]).into()))
    }

    fn options(&self) -> Option<RunOptions> {
        Some(RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool))))
    }
}

fn unlike_piper() -> Error {
    Error::new(ErrorKind::Unsupported, "this model is not built like a Piper voice")
}

fn fault(error: rten::RunError) -> Error {
    Error::unexpected("the voice model failed").with_source(error)
}
