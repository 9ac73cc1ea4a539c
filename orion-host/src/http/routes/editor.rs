//! Editor's routes, below `/api/v1/editor`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
