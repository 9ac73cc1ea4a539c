//! Publishing what was approved.

use super::Engine;
use crate::calls::{Call, reply, unsupported};
use orion_core::domain::{Destination, Publication, SocialAccount};
use orion_core::service::identity::Caller;
use orion_core::{Operation, Result};
use serde_json::{Value, json};

impl Engine {
    pub(super) async fn publishing(&self, caller: &Caller, call: Call, operation: &Operation) -> Result<Vec<u8>> {
        let publisher = &self.services().await?.publisher;
        match call {
            Call::Accounts => reply(&publisher.accounts(caller).await?.iter().map(account).collect::<Vec<_>>()),
            Call::Connect { platform, name, credentials } => {
                let destination: Destination = platform.parse()?;
                reply(&account(&publisher.connect(caller, destination, &name, &credentials).await?))
            }
            Call::Disconnect { id } => {
                publisher.disconnect(caller, id).await?;
                reply(&())
            }
            Call::Publish { content, destinations } => {
                let outcome = publisher.publish(caller, content, destinations, operation).await?;
                reply(&json!({
                    "content_id": outcome.content_id, "results": outcome.results, "published_at": outcome.published_at,
                }))
            }
            Call::Publications { content, limit } => {
                let found = publisher.history(caller, content, limit).await?;
                reply(&found.iter().map(publication).collect::<Vec<_>>())
            }
            Call::Settle { id, published } => reply(&publication(&publisher.decide(caller, id, published).await?)),
            Call::ResumePublications => reply(&publisher.resume(operation).await?),
            _ => Err(unsupported("an engine does not know this call", "this is a fault of the package")),
        }
    }
}

/// An account without what opens it.
fn account(account: &SocialAccount) -> Value {
    json!({
        "id": account.id, "platform": account.destination, "name": account.display_name, "active": account.active,
        "created_at": account.created_at,
    })
}

fn publication(publication: &Publication) -> Value {
    json!({
        "id": publication.id, "content_id": publication.content_id, "platform": publication.destination,
        "state": publication.state, "post_id": publication.handle, "error": publication.error,
        "created_at": publication.created_at, "published_at": publication.published_at,
    })
}
