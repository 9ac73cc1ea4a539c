//! Kills the program at a moment that is seen from outside: when a server has its call, or has answered it.

use rustix::process::{Pid, Signal, kill_process};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A moment at a server outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A provider has a paid call and has not answered.
    ProviderTaken,
    /// A provider's answer is on its way back.
    ProviderAnswered,
    /// The receiver of webhooks has one and has not answered.
    WebhookTaken,
    /// Its answer is on its way back.
    WebhookAnswered,
}

impl Moment {
    pub(crate) const ALL: [Self; 4] =
        [Self::ProviderTaken, Self::ProviderAnswered, Self::WebhookTaken, Self::WebhookAnswered];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ProviderTaken => "outside.provider.taken",
            Self::ProviderAnswered => "outside.provider.answered",
            Self::WebhookTaken => "outside.webhook.taken",
            Self::WebhookAnswered => "outside.webhook.answered",
        }
    }
}

/// Waits for a moment, and kills.
#[derive(Debug, Default)]
pub(crate) struct Trap {
    armed: Mutex<Option<(Moment, u64, Pid)>>,
    sprung: AtomicBool,
}

impl Trap {
    /// Kills this process when the moment comes for the `nth` time, counted from 1.
    pub(crate) fn arm(&self, moment: Moment, nth: u64, victim: Pid) {
        self.sprung.store(false, Ordering::SeqCst);
        *self.armed.lock().unwrap() = Some((moment, nth.max(1), victim));
    }

    /// Waits for nothing any more; tells whether it has killed.
    pub(crate) fn disarm(&self) -> bool {
        *self.armed.lock().unwrap() = None;
        self.sprung.swap(false, Ordering::SeqCst)
    }

    /// Such a moment is now.
    pub(crate) fn now(&self, moment: Moment) {
        let mut armed = self.armed.lock().unwrap();
        let Some((wanted, left, victim)) = armed.as_mut() else { return };
        if *wanted != moment {
            return;
        }
        *left -= 1;
        if *left == 0 {
            self.sprung.store(kill_process(*victim, Signal::KILL).is_ok(), Ordering::SeqCst);
            *armed = None;
        }
    }
}
