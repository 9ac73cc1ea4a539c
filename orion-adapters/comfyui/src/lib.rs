//! ComfyUI: pictures and clips by workflows on a machine of one's own.
