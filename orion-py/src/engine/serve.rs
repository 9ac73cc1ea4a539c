//! Who serves a capability, and who uses the installation.

use super::Engine;
use crate::calls::{Call, reply, switchable, unsupported};
use orion_core::Result;
use orion_core::domain::{Role, User};
use orion_core::service::identity::Caller;
use orion_core::strategy::{CircuitState, Policy, Standing};
use orion_host::CapabilityStanding;
use orion_host::system::apart;
use serde_json::{Value, json};

/// Most users of a list; more are found page by page on a platform.
const MOST_USERS: u32 = 100;

impl Engine {
    pub(super) async fn serving(&self, caller: &Caller, call: Call) -> Result<Vec<u8>> {
        let orion = self.orion.clone();
        match call {
            Call::Switch(order) => {
                caller.require(Role::Editor)?;
                let capability = switchable(&order.service)?;
                let standing = orion.capabilities().into_iter().find(|standing| standing.name == capability.as_str());
                let known = standing.map(|standing| standing.providers).unwrap_or_default();
                let choice = order.choice(known.into_iter().map(|standing| standing.provider))?;
                if !orion.is_set_up(capability, &choice) {
                    // As on a platform: only admins may have more opened than the operator named.
                    caller.require(Role::Admin)?;
                }
                apart(move || async move { orion.switch(capability, Some(choice)).await }).await?;
            }
            Call::ResetProvider { service } => {
                caller.require(Role::Editor)?;
                let capability = switchable(&service)?;
                apart(move || async move { orion.switch(capability, None).await }).await?;
            }
            Call::Voices => {
                let speech = &orion.production().editor.speech;
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
        reply(&self.orion.capabilities().into_iter().map(shown).collect::<Vec<_>>())
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

fn shown(capability: CapabilityStanding) -> Value {
    let CapabilityStanding { name, policy, choice, providers } = capability;
    let chosen = choice.map(|choice| {
        json!({ "side": choice.mode, "provider": choice.provider, "model": choice.model, "fallback": choice.fallback })
    });
    let providers: Vec<Value> = providers.into_iter().map(|standing| one(standing, &policy)).collect();
    json!({ "service": name, "policy": policy.to_string(), "chosen": chosen, "providers": providers })
}

fn one(Standing { provider, place, circuit, tally }: Standing, policy: &Policy) -> Value {
    let why_not = match (place, circuit) {
        (None, _) => Some(format!("never asked, as policy is {policy}")),
        (_, CircuitState::Open { until }) => Some(format!("kept failing, and is left alone until {until}")),
        (_, CircuitState::HalfOpen) => Some("kept failing, and one call finds out how it is".to_owned()),
        _ => None,
    };
    let failures = tally.failures.iter().map(|failure| json!({ "at": failure.at, "error": failure.error }));
    json!({
        "name": provider.name, "model": provider.model, "side": provider.side, "place": place, "why_not": why_not,
        "circuit": circuit.as_str(), "requests": tally.requests, "errors": tally.errors, "fallbacks": tally.fallbacks,
        "cost": tally.paid, "last_served_at": tally.served_at, "failures": failures.collect::<Vec<_>>(),
    })
}

/// A user without what lets them in.
fn person(user: &User) -> Value {
    json!({
        "id": user.id, "email": user.email, "name": user.name, "role": user.role, "active": user.active,
        "created_at": user.created_at, "last_login_at": user.last_login_at,
    })
}
