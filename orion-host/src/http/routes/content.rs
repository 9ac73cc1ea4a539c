//! Content as the dashboard sees it, below `/api/v1/content`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
