//! Who serves each capability, chosen while everything runs: kept in the record, followed by every process of a
//! platform. What is not chosen is as the configuration has it.

use crate::engine::Orion;
use crate::providers::Providers;
use orion_core::domain::Setting;
use orion_core::event::Event;
use orion_core::id::{EventId, SettingId, UserId};
use orion_core::port::{Embedder, Provider, Side, Transcriber, Tx};
use orion_core::service::production::Production;
use orion_core::strategy::{Capability, Policy, Standing, Strategy};
use orion_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The setting that holds all choices.
const NAME: &str = "providers";
/// Chosen as provider, it switches off what can be done without.
pub const NOBODY: &str = "none";
/// So often a change is tried again that others were faster with.
const TRIES: u32 = 10;

/// What can be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Switchable {
    /// Who writes scripts, and who judges them.
    Llm,
    /// Who makes pictures.
    Image,
    /// Who sets pictures in motion.
    Video,
    /// Who speaks.
    Tts,
    /// Who writes down what is said.
    Stt,
    /// Who makes vectors of texts.
    Embeddings,
}

impl Switchable {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Llm, Self::Image, Self::Video, Self::Tts, Self::Stt, Self::Embeddings];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Image => "image",
            Self::Video => "video",
            Self::Tts => "tts",
            Self::Stt => "stt",
            Self::Embeddings => "embeddings",
        }
    }

    /// The names of all.
    pub fn names() -> [&'static str; 6] {
        Self::ALL.map(Self::as_str)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.as_str() == name)
    }
}

/// Who is to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// On which side.
    pub mode: Side,
    /// The provider by its name, or the scheme of its address; empty takes all of the side in the order of the
    /// configuration, and [`NOBODY`] switches `video` or `stt` off.
    #[serde(default)]
    pub provider: String,
    /// Its model; empty if there is only one.
    #[serde(default)]
    pub model: String,
    /// Whether those whom the configuration names follow if it fails.
    #[serde(default)]
    pub fallback: bool,
}

type Choices = BTreeMap<Switchable, Choice>;

/// How one capability stands.
#[derive(Debug, Clone)]
pub struct CapabilityStanding {
    /// `llm`, `critic` (chosen with it), `image`, `video`, `tts`, `stt` or `embeddings`.
    pub name: &'static str,
    /// Who may serve, and in which order.
    pub policy: Policy,
    /// What was chosen at run time, if anything was.
    pub choice: Option<Choice>,
    /// Every provider, in the order of the configuration.
    pub providers: Vec<Standing>,
}

/// What the configuration says, and what was chosen since.
#[derive(Debug, Clone)]
pub(crate) struct Switches {
    llm: Base,
    critic: Base,
    image: Base,
    video: Base,
    tts: Base,
    stt: Base,
    embeddings: Base,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Of the setting whose choices are in force.
    version: u64,
    choices: Choices,
}

/// A strategy as the configuration has it.
#[derive(Debug, Clone)]
struct Base {
    policy: Policy,
    providers: Vec<Provider>,
    order: Vec<Provider>,
}

impl Base {
    fn of<P: Capability + ?Sized>(strategy: &Strategy<P>) -> Self {
        Self { policy: strategy.policy(), providers: strategy.providers(), order: strategy.order() }
    }

    fn reset<P: Capability + ?Sized>(&self, strategy: &Strategy<P>) -> Result<()> {
        strategy.set_policy(self.policy.clone())
    }

    /// One provider, and behind it those of the configuration if they are to follow.
    fn chain(&self, first: &Provider, fallback: bool) -> Policy {
        let others = self.order.iter().filter(|provider| fallback && !provider.is(first));
        Policy::Chain(std::iter::once(first).chain(others).map(ToString::to_string).collect())
    }
}

impl Switches {
    pub(crate) fn of(production: &Production, transcriber: &Strategy<dyn Transcriber>) -> Self {
        Self {
            llm: Base::of(&production.director.writer),
            critic: Base::of(&production.director.critic),
            image: Base::of(&production.media.images),
            video: Base::of(&production.media.clips),
            tts: Base::of(&production.editor.speech),
            stt: Base::of(transcriber),
            embeddings: Base::of(&embedders(production)),
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Choice {
    /// Whether it switches the capability off.
    pub fn is_nobody(&self) -> bool {
        self.provider == NOBODY
    }

    /// Lets nobody serve.
    fn switch_off<P: Capability + ?Sized>(&self, strategy: &Strategy<P>) -> Result<()> {
        if self.fallback || !self.model.is_empty() {
            return Err(Error::invalid("nobody has no model, and nobody follows")
                .with_context("provider", NOBODY)
                .with_hint("leave model and fallback out, or name a provider"));
        }
        strategy.set_policy(Policy::Nobody)
    }

    fn fits(&self, provider: &Provider) -> bool {
        provider.side == self.mode
            && (self.provider.is_empty() || provider.answers_to(&self.provider))
            && (self.model.is_empty() || provider.model == self.model || provider.answers_to(&self.model))
    }

    /// The policy if only a side was chosen.
    fn side(&self) -> Option<Policy> {
        (self.provider.is_empty() && self.model.is_empty()).then_some(match (self.mode, self.fallback) {
            (Side::Local, false) => Policy::Local,
            (Side::Cloud, false) => Policy::Cloud,
            (Side::Local, true) => Policy::PreferLocal,
            (Side::Cloud, true) => Policy::PreferCloud,
        })
    }

    /// The address of a provider that is not set up yet.
    ///
    /// # Errors
    /// `Invalid` if no provider is named, with those that there are.
    fn address(&self, there: &[Provider]) -> Result<String> {
        if self.provider.is_empty() {
            let known: Vec<String> = there.iter().map(crate::providers::shown).collect();
            let hint = match known.as_slice() {
                [] => "nobody is named in the configuration: name a provider, as the setting does".to_owned(),
                known => format!("there are: {}", known.join(", ")),
            };
            let error = Error::invalid("nobody of this name is set up").with_context("model", &self.model);
            return Err(error.with_hint(hint));
        }
        Ok(format!("{}:{}", self.provider, self.model))
    }

    /// Checks that an opened provider is on the side that was asked for.
    fn check_side(&self, provider: &Provider) -> Result<()> {
        if provider.side == self.mode {
            return Ok(());
        }
        let shown = crate::providers::shown(provider);
        Err(Error::invalid("this provider is on the other side").with_context("provider", shown))
    }

    /// Puts the choice in force.
    fn apply<P: Capability + ?Sized>(
        &self,
        strategy: &Strategy<P>,
        base: &Base,
        open: impl FnOnce(&str) -> Result<Arc<P>>,
    ) -> Result<()> {
        if let Some(policy) = self.side().filter(|_| !base.providers.is_empty()) {
            return strategy.set_policy(policy);
        }
        let there = strategy.providers();
        let chosen = match there.iter().find(|provider| self.fits(provider)) {
            Some(provider) => provider.clone(),
            None => {
                let port = open(&self.address(&there)?)?;
                self.check_side(port.provider())?;
                let provider = port.provider().clone();
                strategy.add(port)?;
                provider
            }
        };
        strategy.set_policy(base.chain(&chosen, self.fallback))
    }
}

/// Who makes vectors; nobody where nothing is remembered.
fn embedders(production: &Production) -> Strategy<dyn Embedder> {
    production.director.memory.as_ref().map_or_else(Strategy::nobody, |memory| memory.embedders().clone())
}

impl Orion {
    /// How every capability stands: who serves, who not and why, how each did since this process began.
    pub fn capabilities(&self) -> Vec<CapabilityStanding> {
        fn of<P: Capability + ?Sized>(
            name: &'static str,
            choice: Option<&Choice>,
            strategy: &Strategy<P>,
        ) -> CapabilityStanding {
            let (policy, providers) = (strategy.policy(), strategy.standings());
            CapabilityStanding { name, policy, choice: choice.cloned(), providers }
        }
        let (production, state) = (self.production(), self.switches().state());
        let choice = |capability| state.choices.get(&capability);
        vec![
            of("llm", choice(Switchable::Llm), &production.director.writer),
            of("critic", choice(Switchable::Llm), &production.director.critic),
            of("image", choice(Switchable::Image), &production.media.images),
            of("video", choice(Switchable::Video), &production.media.clips),
            of("tts", choice(Switchable::Tts), &production.editor.speech),
            of("stt", choice(Switchable::Stt), self.transcriber()),
            of("embeddings", choice(Switchable::Embeddings), &embedders(production)),
        ]
    }

    /// Whether a choice names only providers that are set up. Another one is opened by its address and with the
    /// operator's credentials, which not everybody who may choose may have done.
    pub fn is_set_up(&self, capability: Switchable, choice: &Choice) -> bool {
        if choice.is_nobody() {
            return true;
        }
        let fits = |provider: &Provider| {
            (choice.provider.is_empty() || provider.answers_to(&choice.provider))
                && (choice.model.is_empty() || choice.provider.is_empty() || provider.model == choice.model)
        };
        let mut capabilities = self.capabilities().into_iter();
        let found = capabilities.find(|standing| standing.name == capability.as_str());
        found.is_some_and(|found| found.providers.iter().any(|standing| fits(&standing.provider)))
    }

    /// Chooses who serves a capability from the next call on, in every process; `None` goes back to the configuration.
    ///
    /// # Errors
    /// `Invalid` for a provider that cannot be set up, with those that there are; what the store says. Nothing changes
    /// then.
    pub async fn switch(&self, capability: Switchable, choice: Option<Choice>) -> Result<()> {
        let outcome = match self.put_in_force(capability, choice.as_ref()) {
            Ok(()) => self.store_choice(capability, choice.as_ref()).await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // Back to what the record says; a store that cannot be read is asked again by whoever follows it.
            let choices = self.switches().state().choices.clone();
            self.put_all_in_force(&choices);
        }
        outcome
    }

    /// Puts in force what was chosen in other processes, or before a restart. Cheap if nothing has changed. A choice
    /// that no longer fits, because a provider is gone, is left out with a warning.
    ///
    /// # Errors
    /// What the store says; what is in force stays.
    pub async fn follow_switches(&self) -> Result<()> {
        let stored = self.production().store.read().await?.settings().find(NAME).await?;
        let version = stored.as_ref().map_or(0, |setting| setting.version);
        if self.switches().state().version == version {
            return Ok(());
        }
        let choices: Choices = stored.and_then(|stored| serde_json::from_value(stored.value).ok()).unwrap_or_default();
        self.put_all_in_force(&choices);
        *self.switches().state() = State { version, choices };
        Ok(())
    }

    fn put_all_in_force(&self, choices: &Choices) {
        for capability in Switchable::ALL {
            if let Err(error) = self.put_in_force(capability, choices.get(&capability)) {
                let name = capability.as_str();
                tracing::warn!(capability = name, error = ?error, "the provider that was chosen cannot be set up; the configuration holds");
                // The configuration was in force at the start, so it can be put in force again.
                let _ = self.put_in_force(capability, None);
            }
        }
    }

    fn put_in_force(&self, capability: Switchable, choice: Option<&Choice>) -> Result<()> {
        let (production, switches) = (self.production(), self.switches());
        let (director, media, speech) = (&production.director, &production.media, &production.editor.speech);
        if let Some(nobody) = choice.filter(|choice| choice.is_nobody()) {
            return match capability {
                Switchable::Video => nobody.switch_off(&media.clips),
                Switchable::Stt => nobody.switch_off(self.transcriber()),
                needed => Err(Error::invalid("nothing is made without somebody who serves this")
                    .with_context("capability", needed.as_str())
                    .with_hint("name a provider; only video and stt can be switched off")),
            };
        }
        let Some(choice) = choice else {
            return match capability {
                Switchable::Llm => {
                    switches.llm.reset(&director.writer)?;
                    switches.critic.reset(&director.critic)
                }
                Switchable::Image => switches.image.reset(&media.images),
                Switchable::Video => switches.video.reset(&media.clips),
                Switchable::Tts => switches.tts.reset(speech),
                Switchable::Stt => switches.stt.reset(self.transcriber()),
                Switchable::Embeddings => switches.embeddings.reset(&embedders(production)),
            };
        };
        let providers = Providers::new(self.config())?.with_own(self.own().clone());
        let providers = providers.with_ear(self.transcriber().clone());
        match capability {
            Switchable::Llm => self.choose_writer(choice, &providers),
            Switchable::Image => {
                choice.apply(&media.images, &switches.image, |address| providers.image(address, &production.blobs))
            }
            Switchable::Video => {
                choice.apply(&media.clips, &switches.video, |address| providers.clip(address, &production.blobs))
            }
            Switchable::Tts => choice.apply(speech, &switches.tts, |address| providers.voice(address)),
            Switchable::Stt => {
                choice.apply(self.transcriber(), &switches.stt, |address| providers.transcriber(address))
            }
            Switchable::Embeddings if director.memory.is_none() => {
                Err(Error::invalid("nothing is remembered here, so nobody makes vectors")
                    .with_hint("set `vectors` to where they are to be kept"))
            }
            Switchable::Embeddings => {
                let open = |address: &str| providers.embedder(address);
                choice.apply(&embedders(production), &switches.embeddings, open)
            }
        }
    }

    /// Chooses who writes; whoever comes with the writer judges.
    fn choose_writer(&self, choice: &Choice, providers: &Providers<'_>) -> Result<()> {
        let (director, switches) = (&self.production().director, self.switches());
        let mut critic = None;
        choice.apply(&director.writer, &switches.llm, |address| {
            let (writer, its_critic) = providers.writer(address)?;
            critic = Some(its_critic);
            Ok(writer)
        })?;
        if let Some(policy) = choice.side() {
            return director.critic.set_policy(policy);
        }
        let judge = match critic {
            Some(critic) => {
                let judge = critic.provider().clone();
                director.critic.add(critic)?;
                Some(judge)
            }
            None => {
                let Some(writer) = director.writer.order().into_iter().next() else { return Ok(()) };
                let place = switches.llm.providers.iter().position(|provider| provider.is(&writer));
                let same = director.critic.find(&writer).map(|critic| critic.provider().clone());
                same.or_else(|| switches.critic.providers.get(place?).cloned())
            }
        };
        // A writer of the program's own may have no critic: then those of the configuration judge.
        judge.map_or(Ok(()), |judge| director.critic.set_policy(switches.critic.chain(&judge, choice.fallback)))
    }

    async fn store_choice(&self, capability: Switchable, choice: Option<&Choice>) -> Result<()> {
        let mut tries = 0;
        loop {
            match self.try_store_choice(capability, choice).await {
                Err(error)
                    if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) && tries < TRIES =>
                {
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_store_choice(&self, capability: Switchable, choice: Option<&Choice>) -> Result<()> {
        let production = self.production();
        let now = production.clock.now();
        let mut tx: Box<dyn Tx> = production.store.begin().await?;
        let stored = tx.settings().find(NAME).await?;
        let mut choices: Choices =
            stored.as_ref().and_then(|stored| serde_json::from_value(stored.value.clone()).ok()).unwrap_or_default();
        match choice {
            Some(choice) => choices.insert(capability, choice.clone()),
            None => choices.remove(&capability),
        };
        let value = serde_json::to_value(&choices)?;
        let version = match stored {
            Some(mut setting) => {
                (setting.value, setting.updated_at) = (value, now);
                tx.settings().update(&mut setting).await?;
                setting.version
            }
            None => {
                let id = SettingId::random(&*production.entropy);
                let mut setting = Setting { id, name: NAME.to_owned(), value, updated_at: now, version: 0 };
                tx.settings().insert(&mut setting).await?;
                setting.version
            }
        };
        let event = Event::ProviderSwitched {
            service: capability.as_str().to_owned(),
            mode: choice.map(|choice| choice.mode),
            provider: choice.map(|choice| [choice.provider.as_str(), choice.model.as_str()].join("/")),
        };
        let record = tx.append(EventId::random(&*production.entropy), now, Some(UserId::SYSTEM), &event).await?;
        tx.commit().await?;
        *self.switches().state() = State { version, choices };
        // Others look by themselves where the wire does not wake them.
        let _ = production.wire.announce(&record).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
