//! Who serves a capability, and who uses the installation.

use super::Engine;
use crate::calls::{Call, reply, unsupported};
use orion_core::domain::{Role, User};
use orion_core::service::identity::Caller;
use orion_core::strategy::{Capability, Policy, Strategy};
use orion_core::{Error, Result};
use serde_json::{Value, json};

/// Most users of a list; more are found page by page on a platform.
const MOST_USERS: u32 = 100;

impl Engine {
    pub(super) async fn serving(&self, caller: &Caller, call: Call) -> Result<Vec<u8>> {
        let production = self.orion.production();
        let (writer, images, speech) =
            (&production.director.writer, &production.media.images, &production.editor.speech);
        match call {
            Call::Switch { service, policy } => {
                caller.require(Role::Editor)?;
                let policy: Policy = policy.parse()?;
                match service.as_str() {
                    "llm" => {
                        writer.set_policy(policy.clone())?;
                        // A chain names writers; who judges is chosen by side.
                        if !matches!(policy, Policy::Chain(_)) {
                            production.director.critic.set_policy(policy)?;
                        }
                    }
                    "image" => images.set_policy(policy)?,
                    "tts" => speech.set_policy(policy)?,
                    other => {
                        return Err(Error::invalid("there is no such service")
                            .with_context("service", other)
                            .with_hint("use llm, image or tts"));
                    }
                }
            }
            Call::Voices => {
                let mut voices = Vec::new();
                for provider in speech.providers() {
                    if let Some(model) = speech.find(&provider) {
                        voices.extend(model.voices().await?);
                    }
                }
                return reply(&voices);
            }
            _ => {}
        }
        reply(&[shown("llm", writer), shown("image", images), shown("tts", speech)])
    }

    pub(super) async fn users(&self, caller: &Caller, call: Call) -> Result<Vec<u8>> {
        let identity = &self.services().await?.identity;
        match call {
            Call::Users => {
                let (users, _) = identity.users(caller, None, None, 1, MOST_USERS).await?;
                reply(&users.iter().map(|profile| person(&profile.user)).collect::<Vec<_>>())
            }
            Call::AddUser { email, name, password, role } => {
                reply(&person(&identity.create_user(caller, &email, &password, &name, role.parse()?).await?.user))
            }
            Call::SetUser { id, role, active } => {
                let mut profile = identity.profile(id).await?;
                if let Some(role) = role {
                    profile = identity.set_role(caller, id, role.parse()?).await?;
                }
                if let Some(active) = active {
                    profile = identity.set_active(caller, id, active).await?;
                }
                reply(&person(&profile.user))
            }
            _ => Err(unsupported("an engine does not know this call", "this is a fault of the package")),
        }
    }
}

fn shown<P: Capability + ?Sized>(service: &str, strategy: &Strategy<P>) -> Value {
    json!({
        "service": service, "policy": strategy.policy(), "providers": strategy.providers(),
        "order": strategy.order(),
    })
}

/// A user without what lets them in.
fn person(user: &User) -> Value {
    json!({
        "id": user.id, "email": user.email, "name": user.name, "role": user.role, "active": user.active,
        "created_at": user.created_at, "last_login_at": user.last_login_at,
    })
}
