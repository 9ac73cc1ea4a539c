//! Publisher's routes, below `/api/v1/publisher`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
