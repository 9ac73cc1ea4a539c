//! What the harness itself knows: what it asked for, what was acknowledged, and when it killed.

use crate::topics::Topic;
use std::sync::Mutex;
use std::time::Instant;

/// One run from its beginning to the end, as the one who asked for it saw it.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) topic: Topic,
    /// Of which trend, if of one.
    pub(crate) trend: Option<String>,
    /// The content, once it was acknowledged or found.
    pub(crate) content: Option<String>,
    /// The program said that it has the wish.
    pub(crate) acknowledged: bool,
    /// The hash of the file that was approved, and when that was first sent.
    pub(crate) approved: Option<(String, Instant)>,
    /// The program said that it has the approval.
    pub(crate) approval_acknowledged: bool,
    /// The destinations of which the program said that the content is out there.
    pub(crate) told_published: Vec<String>,
    /// Everything that was wished has happened.
    pub(crate) done: bool,
    /// What the program said when a run failed.
    pub(crate) failures: Vec<String>,
    /// Answers that nobody should get: 5xx, and refusals without a reason.
    pub(crate) oddities: Vec<String>,
}

impl Wish {
    pub(crate) fn new(topic: Topic, trend: Option<String>) -> Self {
        Self {
            topic,
            trend,
            content: None,
            acknowledged: false,
            approved: None,
            approval_acknowledged: false,
            told_published: Vec::new(),
            done: false,
            failures: Vec::new(),
            oddities: Vec::new(),
        }
    }
}

/// How a process came to its end.
#[derive(Debug, Clone)]
pub(crate) struct Kill {
    pub(crate) at: Instant,
    /// `random`, or the name of a point.
    pub(crate) how: String,
}

/// The book.
#[derive(Debug, Default)]
pub(crate) struct Book {
    wishes: Mutex<Vec<Wish>>,
    kills: Mutex<Vec<Kill>>,
}

impl Book {
    /// Adds a wish and gives its number.
    pub(crate) fn wish(&self, wish: Wish) -> usize {
        let mut wishes = self.wishes.lock().unwrap();
        wishes.push(wish);
        wishes.len() - 1
    }

    pub(crate) fn note(&self, number: usize, change: impl FnOnce(&mut Wish)) {
        change(&mut self.wishes.lock().unwrap()[number]);
    }

    pub(crate) fn wishes(&self) -> Vec<Wish> {
        self.wishes.lock().unwrap().clone()
    }

    pub(crate) fn killed(&self, how: &str) {
        self.kills.lock().unwrap().push(Kill { at: Instant::now(), how: how.to_owned() });
    }

    pub(crate) fn kills(&self) -> Vec<Kill> {
        self.kills.lock().unwrap().clone()
    }
}
