//! Media: the pictures of a scene plan.
