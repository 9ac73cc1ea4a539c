//! Editor: narration, captions, timeline, render, check.
