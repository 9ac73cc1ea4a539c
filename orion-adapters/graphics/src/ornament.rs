//! Ornaments over the glows: one family through a whole video, placed anew in every scene.

use crate::theme::{Chance, Theme};
use orion_core::domain::Ornament;
use orion_core::domain::colour::mix;
use orion_draw::tiny_skia::{Path, PathBuilder};
use orion_draw::{Pixmap, rgba, shape};
use std::f32::consts::TAU;

/// Draws the ornament of the theme. `chance` places it; lengths follow the shorter side.
pub(crate) fn draw(pixmap: &mut Pixmap, theme: &Theme, chance: &mut Chance) {
    match theme.ornament {
        Ornament::Orbits => orbits(pixmap, theme, chance),
        Ornament::Contours => contours(pixmap, theme, chance),
        Ornament::Waves => waves(pixmap, theme, chance),
        Ornament::Dots => dots(pixmap, theme, chance),
        Ornament::Bare => {}
    }
}

/// The side on which ornaments gather, and a pale tint of the accent.
fn placed(pixmap: &Pixmap, theme: &Theme, chance: &mut Chance) -> (f32, f32, f32, u32) {
    let (width, height) = (pixmap.width() as f32, pixmap.height() as f32);
    let unit = width.min(height);
    let side = chance.between(0.62, 0.86);
    let x = width * if theme.mirrored { 1.0 - side } else { side };
    (x, height * chance.between(0.12, 0.30), unit, mix(0xFF_FF_FF, theme.accent, 0.35))
}

fn orbits(pixmap: &mut Pixmap, theme: &Theme, chance: &mut Chance) {
    let (x, y, unit, tint) = placed(pixmap, theme, chance);
    let (width, height) = (pixmap.width() as f32, pixmap.height() as f32);
    for ring in 0..15 {
        let radius = unit * (0.075 + 0.066 * ring as f32);
        let turn = chance.between(0.0, TAU);
        let opacity = 0.34 * (1.0 - ring as f32 / 16.0) + 0.04;
        // Arcs are drawn one by one: that costs a tenth of dashing a circle.
        let mut angle = 0.0;
        while angle < TAU {
            let length = chance.between(0.25, 1.3);
            let gap = chance.between(0.08, 0.45);
            let end = (angle + length).min(TAU - 0.05);
            let (from, to) = (angle, end);
            angle += length + gap;
            if to <= from {
                continue;
            }
            let middle = f32::midpoint(from, to) + turn;
            let (at_x, at_y) = (x + radius * middle.cos(), y + radius * middle.sin());
            let margin = radius * (to - from) * 0.6;
            let seen = at_x > -margin && at_x < width + margin && at_y > -margin && at_y < height + margin;
            if let Some(path) = shape::arc(x, y, radius, from + turn, to + turn).filter(|_| seen) {
                shape::stroke(pixmap, &path, unit * 0.0024, None, rgba(tint, opacity));
            }
        }
        let planet = chance.between(0.0, TAU);
        if ring % 4 == 2 {
            let (at_x, at_y) = (x + radius * planet.cos(), y + radius * planet.sin());
            shape::circle(pixmap, at_x, at_y, unit * 0.016, rgba(theme.accent, 0.14));
            shape::circle(pixmap, at_x, at_y, unit * 0.007, rgba(theme.accent, 0.9));
        }
    }
    for _ in 0..70 {
        let radius = unit * chance.between(0.0009, 0.0026);
        let (at_x, at_y) = (width * chance.between(0.0, 1.0), height * chance.between(0.0, 1.0));
        shape::circle(pixmap, at_x, at_y, radius, rgba(0xFF_FF_FF, chance.between(0.2, 0.85)));
    }
}

fn waves(pixmap: &mut Pixmap, theme: &Theme, chance: &mut Chance) {
    let (_, _, unit, tint) = placed(pixmap, theme, chance);
    let (width, height) = (pixmap.width() as f32, pixmap.height() as f32);
    let (phase, drift) = (chance.between(0.0, TAU), chance.between(0.18, 0.30));
    let slope = if theme.mirrored { -0.28 } else { 0.28 } * chance.between(0.7, 1.2);
    let top = height * chance.between(0.04, 0.14);
    let swell = unit * chance.between(0.09, 0.14);
    const LINES: usize = 30;
    for line in 0..LINES {
        let share = line as f32 / LINES as f32;
        let mut path = PathBuilder::new();
        for step in 0..=64 {
            let across = step as f32 / 64.0;
            let wave = (across * TAU * 0.85 + phase + share * TAU * drift).sin()
                + 0.45 * (across * TAU * 1.9 - phase * 1.7 + share * TAU * drift * 2.0).sin();
            let pinch = 0.35 + 0.65 * (across * 2.2 + phase).sin().abs();
            let base = top + share * height * 0.30 * pinch + (across - 0.5) * slope * width;
            let (x, y) = (across * width * 1.04 - width * 0.02, base + wave * swell * (0.6 + share));
            if step == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let opacity = 0.42 * (1.0 - (share * 2.0 - 1.0).abs()).powf(0.8) + 0.05;
        if let Some(path) = path.finish() {
            shape::stroke(pixmap, &path, unit * 0.0022, None, rgba(tint, opacity));
        }
    }
}

fn dots(pixmap: &mut Pixmap, theme: &Theme, chance: &mut Chance) {
    let (x, y, unit, tint) = placed(pixmap, theme, chance);
    let (width, height) = (pixmap.width() as f32, pixmap.height() as f32);
    let (pitch, turn) = (unit * 0.036, chance.between(0.0, TAU));
    let reach = unit * 0.95;
    let (mut row, mut at_y) = (0, pitch / 2.0);
    while at_y < height {
        let mut at_x = if row % 2 == 0 { pitch / 2.0 } else { pitch };
        while at_x < width {
            let distance = ((at_x - x).hypot(at_y - y)) / reach;
            let ripple = 0.5 + 0.5 * (distance * 15.0 - turn).sin();
            let fade = (1.0 - distance).max(0.0).powf(1.3);
            let opacity = fade * (0.10 + 0.55 * ripple * ripple);
            if opacity > 0.02 {
                let radius = pitch * (0.055 + 0.13 * ripple * fade);
                shape::circle(pixmap, at_x, at_y, radius, rgba(tint, opacity));
            }
            at_x += pitch;
        }
        at_y += pitch * 0.866;
        row += 1;
    }
}

/// Lines of equal height of a few smooth hills, traced by marching squares (Lorensen, Cline 1987, in the plane).
fn contours(pixmap: &mut Pixmap, theme: &Theme, chance: &mut Chance) {
    let (x, y, unit, tint) = placed(pixmap, theme, chance);
    let (width, height) = (pixmap.width() as f32, pixmap.height() as f32);
    let mut hills = vec![(x, y, unit * 0.42, 1.0_f32)];
    for _ in 0..6 {
        hills.push((
            width * chance.between(-0.1, 1.1),
            height * chance.between(-0.1, 1.1),
            unit * chance.between(0.2, 0.42),
            chance.between(-0.8, 0.9),
        ));
    }
    let cell = unit / 46.0;
    let (columns, rows) = ((width / cell).ceil() as usize + 1, (height / cell).ceil() as usize + 1);
    let level_at = |column: usize, row: usize| -> f32 {
        let (at_x, at_y) = (column as f32 * cell, row as f32 * cell);
        let hill = |(x, y, size, rise): &(f32, f32, f32, f32)| {
            rise * (-((at_x - x).powi(2) + (at_y - y).powi(2)) / (2.0 * size * size)).exp()
        };
        hills.iter().map(hill).sum()
    };
    let levels: Vec<f32> = (0..rows * columns).map(|index| level_at(index % columns, index / columns)).collect();
    const LEVELS: i32 = 13;
    for step in -4..LEVELS {
        let level = step as f32 / LEVELS as f32 + 0.02;
        if let Some(path) = trace(&levels, columns, rows, level, cell) {
            let strong = step.rem_euclid(4) == 0;
            let opacity = if strong { 0.30 } else { 0.15 };
            shape::stroke(pixmap, &path, unit * if strong { 0.003 } else { 0.0021 }, None, rgba(tint, opacity));
        }
    }
}

fn trace(levels: &[f32], columns: usize, rows: usize, level: f32, cell: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    for row in 0..rows - 1 {
        for column in 0..columns - 1 {
            let at = |dx: usize, dy: usize| levels[(row + dy) * columns + column + dx] - level;
            let corners = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
            let (x, y) = (column as f32, row as f32);
            let points = [(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)];
            let mut crossings = [(0.0, 0.0); 4];
            let mut count = 0;
            for edge in 0..4 {
                let (a, b) = (corners[edge], corners[(edge + 1) % 4]);
                if (a < 0.0) != (b < 0.0) {
                    let share = a / (a - b);
                    let (from, to) = (points[edge], points[(edge + 1) % 4]);
                    crossings[count] = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
                    count += 1;
                }
            }
            for pair in crossings[..count].chunks_exact(2) {
                path.move_to(pair[0].0 * cell, pair[0].1 * cell);
                path.line_to(pair[1].0 * cell, pair[1].1 * cell);
            }
        }
    }
    path.finish()
}
