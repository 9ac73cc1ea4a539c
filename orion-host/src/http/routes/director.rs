//! Director's routes, below `/api/v1/director`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
