//! Pulse's routes, below `/api/v1/pulse`.

use super::super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}
