//! One frame from its plan: scenes of layers, a transition between two of them, and an overlay for the caption.

use super::blend::{lay_over, mix, mix_by};
use super::plane::{BLACK, Frame, Picture};
use super::resample::{RowPair, Sampler};
use crate::bands;
use orion_core::domain::timeline::{Canvas, PlannedLayer, PlannedScene};

/// Rows that one task draws: few enough to stay in the cache, enough to be worth a task.
const BAND: usize = 48;

/// A picture at a place of the canvas, both on even pixels.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    pub(crate) picture: Picture,
    pub(crate) x: usize,
    pub(crate) y: usize,
}

/// Draws frames of one canvas.
#[derive(Debug)]
pub(crate) struct Composer {
    canvas: Canvas,
    /// Where the second scene of a transition is drawn.
    other: Frame,
}

/// A layer ready to be drawn.
struct Placed<'a> {
    picture: &'a Picture,
    samplers: [Sampler; 2],
    opacity: u8,
    /// First and last row of Y that it reaches, half-open.
    rows: (f64, f64),
}

/// What a task keeps of one layer from row to row.
#[derive(Default)]
struct Rows {
    /// Rows of the plane and of its opacity.
    pairs: [RowPair; 2],
    samples: Vec<u8>,
    alpha: Vec<u8>,
}

impl Composer {
    pub(crate) fn new(canvas: Canvas) -> Self {
        Self { canvas, other: Frame::black(canvas.width as usize, canvas.height as usize) }
    }

    /// Draws scenes, back to front, each with its pictures by layer, and lays the overlay over them.
    pub(crate) fn draw(
        &mut self,
        scenes: &[(&PlannedScene, &[Picture])],
        overlay: Option<&Overlay>,
        frame: &mut Frame,
    ) {
        let mut scenes = scenes.iter();
        if let Some((scene, pictures)) = scenes.next() {
            self.draw_scene(scene, pictures, frame);
        }
        for (scene, pictures) in scenes {
            let mut other = std::mem::replace(&mut self.other, Frame::black(0, 0));
            self.draw_scene(scene, pictures, &mut other);
            take_over(frame, &other, scene);
            self.other = other;
        }
        if let Some(overlay) = overlay {
            lay_overlay(frame, overlay);
        }
    }

    fn draw_scene(&self, scene: &PlannedScene, pictures: &[Picture], frame: &mut Frame) {
        let placed: Vec<Placed<'_>> =
            scene.layers.iter().filter_map(|layer| Some(self.place(layer, pictures.get(layer.layer)?))).collect();
        let tasks = frame.planes_mut().into_iter().enumerate().flat_map(|(plane, (width, samples))| {
            let bands = samples.chunks_mut(BAND * width).enumerate();
            bands.map(move |(band, samples)| (plane, width, band * BAND, samples))
        });
        let room = || placed.iter().map(|_| Rows::default()).collect::<Vec<_>>();
        bands::each(tasks.collect(), room, |room, (plane, width, first, samples)| {
            room.iter_mut().flat_map(|rows| &mut rows.pairs).for_each(RowPair::clear);
            for (number, row) in samples.chunks_mut(width).enumerate() {
                if !placed.first().is_some_and(Placed::covers) {
                    row.fill(BLACK[plane]);
                }
                for (layer, rows) in placed.iter().zip(room.iter_mut()) {
                    layer.draw(plane, first + number, rows, row);
                }
            }
        });
    }

    fn place<'a>(&self, layer: &PlannedLayer, picture: &'a Picture) -> Placed<'a> {
        let height = f64::from(self.canvas.height);
        let mut seen = layer.view.rectangle((picture.width() as u32, picture.height() as u32), &self.canvas);
        let shift = layer.offset_y * height;
        seen.y -= shift * seen.height / height;
        let size = (self.canvas.width as usize, self.canvas.height as usize);
        let samplers = [0, 1].map(|plane| Sampler::new(plane, &seen, size, &picture.planes[plane]));
        let opacity = (layer.opacity * 255.0).round().clamp(0.0, 255.0) as u8;
        Placed { picture, samplers, opacity, rows: (shift, height + shift) }
    }
}

impl Placed<'_> {
    /// Whether nothing shows through it.
    fn covers(&self) -> bool {
        self.opacity == 255 && self.picture.alpha.is_none() && self.rows.0 == 0.0
    }

    fn draw(&self, plane: usize, row: usize, rows: &mut Rows, out: &mut [u8]) {
        let sampler = &self.samplers[usize::from(plane > 0)];
        // The middle of the row in pixels.
        let middle = if plane == 0 { row as f64 + 0.5 } else { 2.0 * row as f64 + 1.0 };
        if !(self.rows.0..self.rows.1).contains(&middle) {
            return;
        }
        let source = &self.picture.planes[plane];
        let Rows { pairs: [pair, alpha_pair], samples, alpha: opacity } = rows;
        let Some(alpha) = self.picture.alpha(plane) else {
            if self.opacity == 255 {
                sampler.row(source, row, pair, out);
            } else {
                samples.resize(out.len(), 0);
                sampler.row(source, row, pair, samples);
                mix(out, samples, self.opacity);
            }
            return;
        };
        let (upper, lower) = sampler.rows(row);
        let mut reach = self.picture.extent(plane, upper);
        if let Some(lower) = lower.map(|lower| self.picture.extent(plane, lower)) {
            reach = match (reach.is_empty(), lower.is_empty()) {
                (true, _) => lower,
                (_, true) => reach,
                _ => reach.start.min(lower.start)..reach.end.max(lower.end),
            };
        }
        if reach.is_empty() {
            return;
        }
        if sampler.is_straight() && lower.is_none() {
            // The usual case, type that stands still: straight from the picture, and only where there is any.
            let reach = reach.start.min(out.len())..reach.end.min(out.len());
            let (samples, alpha) = (&source.row(upper)[reach.clone()], &alpha.row(upper)[reach.clone()]);
            lay_over(&mut out[reach], samples, alpha, self.opacity);
            return;
        }
        samples.resize(out.len(), 0);
        opacity.resize(out.len(), 0);
        sampler.row(source, row, pair, samples);
        sampler.row(alpha, row, alpha_pair, opacity);
        lay_over(out, samples, opacity, self.opacity);
    }
}

/// Lets a scene take over from the one in the frame, as far as its offset or opacity says.
fn take_over(frame: &mut Frame, other: &Frame, scene: &PlannedScene) {
    let share = (scene.opacity * 255.0).round().clamp(0.0, 255.0) as u8;
    let (width, height) = (frame.width, frame.height);
    // Where the new scene begins, in pairs of pixels so that chroma goes along.
    let pairs = |offset: f64, pixels: usize| ((offset * pixels as f64 / 2.0).round() as usize).min(pixels / 2);
    let (left, top) = (pairs(scene.offset_x, width), pairs(scene.offset_y, height));
    let (luma, chroma) = other.bytes.split_at(width * height);
    let (blue, red) = chroma.split_at(chroma.len() / 2);
    for (plane, ((width, samples), other)) in frame.planes_mut().into_iter().zip([luma, blue, red]).enumerate() {
        let step = if plane == 0 { 2 } else { 1 };
        let (left, top) = (left * step, top * step);
        let bands = samples.chunks_mut(width * BAND).zip(other.chunks(width * BAND));
        if scene.uncovered < 1.0 {
            let shares = soft_edge(scene.uncovered, width);
            bands::each(
                bands.collect(),
                || (),
                |(), (rows, other)| {
                    let rows = rows.chunks_mut(width).zip(other.chunks(width));
                    rows.for_each(|(row, other)| mix_by(row, other, &shares));
                },
            );
        } else if share < 255 {
            bands::each(bands.collect(), || (), |(), (rows, other)| mix(rows, other, share));
        } else if left > 0 {
            bands::each(
                bands.collect(),
                || (),
                |(), (rows, other)| {
                    for (row, other) in rows.chunks_mut(width).zip(other.chunks(width)) {
                        row.copy_within(width - left.., 0);
                        row[left..].copy_from_slice(&other[..width - left]);
                    }
                },
            );
        } else {
            // `top` of zero is a cut: all of the new scene.
            let border = top * width;
            samples.copy_within(samples.len() - border.., 0);
            samples[border..].copy_from_slice(&other[..other.len() - border]);
        }
    }
}

/// How much of the new scene each column shows while it is uncovered from the left: the edge is soft, so that it may
/// stand between pixels, and goes from before the first column to behind the last.
fn soft_edge(uncovered: f64, width: usize) -> Vec<u8> {
    let soft = 0.12;
    let edge = uncovered * (1.0 + soft) - soft;
    let share = |column: usize| {
        let at = (column as f64 + 0.5) / width as f64;
        let beyond = (1.0 - (at - edge) / soft).clamp(0.0, 1.0);
        (beyond * beyond * (3.0 - 2.0 * beyond) * 255.0).round() as u8
    };
    (0..width).map(share).collect()
}

pub(crate) fn lay_overlay(frame: &mut Frame, overlay: &Overlay) {
    let picture = &overlay.picture;
    for (plane, (width, samples)) in frame.planes_mut().into_iter().enumerate() {
        let (x, y) = if plane == 0 { (overlay.x, overlay.y) } else { (overlay.x / 2, overlay.y / 2) };
        let source = &picture.planes[plane];
        for (number, row) in samples.chunks_mut(width).skip(y).take(source.height).enumerate() {
            let reach = picture.extent(plane, number);
            let reach = reach.start..reach.end.min(width.saturating_sub(x));
            if reach.is_empty() {
                continue;
            }
            let out = &mut row[x + reach.start..x + reach.end];
            match picture.alpha(plane) {
                Some(alpha) => lay_over(out, &source.row(number)[reach.clone()], &alpha.row(number)[reach], 255),
                None => out.copy_from_slice(&source.row(number)[reach]),
            }
        }
    }
}
