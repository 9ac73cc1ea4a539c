//! Paths and gradients on a [`Pixmap`]: rounded rectangles, circles, dashed arcs, glows.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point, RadialGradient,
    Rect, Shader, SpreadMode, Stroke, StrokeDash, Transform,
};

/// A rectangle from its corner and size; sizes below a thousandth of a pixel become that.
pub fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
    let fallback = Rect::from_xywh(0.0, 0.0, 0.001, 0.001);
    Rect::from_xywh(x, y, width.max(0.001), height.max(0.001)).or(fallback).unwrap_or_else(unit)
}

fn unit() -> Rect {
    PathBuilder::from_circle(0.0, 0.0, 1.0).map_or_else(unit, |path| path.bounds())
}

/// A rectangle with round corners. A radius of half the height makes a pill.
pub fn rounded(bounds: Rect, radius: f32) -> Option<Path> {
    // Length of the control arm of a cubic that stands for a quarter circle: 4/3 tan(pi/8).
    const ARM: f32 = 0.552_285;
    let radius = radius.max(0.0).min(bounds.width() / 2.0).min(bounds.height() / 2.0);
    let (left, top, right, bottom) = (bounds.left(), bounds.top(), bounds.right(), bounds.bottom());
    let inset = radius * (1.0 - ARM);
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - inset, top, right, top + inset, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - inset, right - inset, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + inset, bottom, left, bottom - inset, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + inset, left + inset, top, left + radius, top);
    path.close();
    path.finish()
}

/// Part of a circle from one angle to another, in radians, clockwise from three o'clock.
pub fn arc(x: f32, y: f32, radius: f32, from: f32, to: f32) -> Option<Path> {
    let steps = (((to - from).abs() / std::f32::consts::FRAC_PI_4).ceil() as usize).clamp(1, 64);
    let step = (to - from) / steps as f32;
    let arm = 4.0 / 3.0 * (step / 4.0).tan() * radius;
    let mut path = PathBuilder::new();
    path.move_to(x + radius * from.cos(), y + radius * from.sin());
    for index in 0..steps {
        let (a, b) = (from + step * index as f32, from + step * (index + 1) as f32);
        path.cubic_to(
            x + radius * a.cos() - arm * a.sin(),
            y + radius * a.sin() + arm * a.cos(),
            x + radius * b.cos() + arm * b.sin(),
            y + radius * b.sin() - arm * b.cos(),
            x + radius * b.cos(),
            y + radius * b.sin(),
        );
    }
    path.finish()
}

/// Fills a path with a colour.
pub fn fill(pixmap: &mut Pixmap, path: &Path, colour: Color) {
    fill_shader(pixmap, path, Shader::SolidColor(colour));
}

/// Fills a path with a gradient.
pub fn fill_shader(pixmap: &mut Pixmap, path: &Path, shader: Shader<'_>) {
    let paint = Paint { shader, anti_alias: true, ..Paint::default() };
    pixmap.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
}

/// Fills a rectangle with a colour or a gradient.
pub fn fill_rect(pixmap: &mut Pixmap, bounds: Rect, shader: Shader<'_>) {
    let paint = Paint { shader, anti_alias: true, ..Paint::default() };
    pixmap.fill_rect(bounds, &paint, Transform::identity(), None);
}

/// Fills a circle.
pub fn circle(pixmap: &mut Pixmap, x: f32, y: f32, radius: f32, colour: Color) {
    if let Some(path) = PathBuilder::from_circle(x, y, radius) {
        fill(pixmap, &path, colour);
    }
}

/// Strokes a path; `dashes` alternate between on and off.
pub fn stroke(pixmap: &mut Pixmap, path: &Path, width: f32, dashes: Option<(Vec<f32>, f32)>, colour: Color) {
    let dash = dashes.and_then(|(lengths, offset)| StrokeDash::new(lengths, offset));
    let stroke = Stroke { width, line_cap: LineCap::Round, dash, ..Stroke::default() };
    let paint = Paint { shader: Shader::SolidColor(colour), anti_alias: true, ..Paint::default() };
    pixmap.stroke_path(path, &paint, &stroke, Transform::identity(), None);
}

/// A gradient along a line; stops are positions of 0 to 1 with colours.
pub fn linear(from: (f32, f32), to: (f32, f32), stops: &[(f32, Color)]) -> Shader<'static> {
    let gradient = LinearGradient::new(
        Point::from_xy(from.0, from.1),
        Point::from_xy(to.0, to.1),
        stops.iter().map(|(at, colour)| GradientStop::new(*at, *colour)).collect(),
        SpreadMode::Pad,
        Transform::identity(),
    );
    gradient.unwrap_or(Shader::SolidColor(stops.first().map_or(Color::TRANSPARENT, |(_, colour)| *colour)))
}

/// A gradient from a centre outwards; stops are positions of 0 to 1 with colours.
pub fn radial(centre: (f32, f32), radius: f32, stops: &[(f32, Color)]) -> Shader<'static> {
    let centre = Point::from_xy(centre.0, centre.1);
    let gradient = RadialGradient::new(
        centre,
        0.0,
        centre,
        radius.max(0.001),
        stops.iter().map(|(at, colour)| GradientStop::new(*at, *colour)).collect(),
        SpreadMode::Pad,
        Transform::identity(),
    );
    gradient.unwrap_or(Shader::SolidColor(stops.last().map_or(Color::TRANSPARENT, |(_, colour)| *colour)))
}
