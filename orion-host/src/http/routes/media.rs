//! Media's routes, below `/api/v1/media`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
