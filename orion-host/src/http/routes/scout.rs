//! Scout's routes, below `/api/v1/scout`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
