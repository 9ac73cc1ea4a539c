//! Fal.ai: pictures and clips by its queue.
