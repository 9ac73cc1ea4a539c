//! What is bought on the way to a result.

use crate::domain::Money;
use crate::port::{Provider, Usage};
use std::sync::{Arc, Mutex, PoisonError};

/// What was bought of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// Of whom.
    pub by: Provider,
    /// What, and for how much.
    pub usage: Usage,
}

/// What was bought on the way to a result: by drafts that were thrown away, by critics, by those who failed in the
/// end. Clones are the same bill.
#[derive(Debug, Clone, Default)]
pub struct Bill(Arc<Mutex<Vec<Charge>>>);

impl Bill {
    /// A bill with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was bought; of one provider and kind it is one charge.
    pub fn add(&self, by: &Provider, usage: Usage) {
        let mut charges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |charge: &&mut Charge| charge.by.is(by) && charge.usage.category == usage.category;
        match charges.iter_mut().find(same) {
            Some(charge) => {
                charge.usage.units += usage.units;
                charge.usage.cost = charge.usage.cost + usage.cost;
            }
            None => charges.push(Charge { by: by.clone(), usage }),
        }
    }

    /// What is owed to one provider, until it is settled.
    pub fn owed(&self, by: &Provider) -> Money {
        let charges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        charges.iter().filter(|charge| charge.by.is(by)).map(|charge| charge.usage.cost).sum()
    }

    /// Takes everything off the bill, to be written down.
    pub fn settle(&self) -> Vec<Charge> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;
    use crate::domain::CostCategory;

    #[test]
    fn charges_of_one_kind_are_one_and_are_settled_once() {
        let bill = Bill::new();
        let (cloud, other) = (Provider::cloud("cloud", "a"), Provider::cloud("cloud", "b"));
        let tokens = |units, cost| Usage { category: CostCategory::LlmTokens, units, cost: Money(cost) };
        let operation = Operation::detached();
        operation.charge(&cloud, tokens(1.0, 1));
        let operation = operation.billed(&bill);
        operation.charge(&cloud, tokens(100.0, 3000));
        operation.clone().charge(&cloud, tokens(50.0, 1500));
        operation.charge(&other, tokens(7.0, 70));
        assert_eq!(bill.owed(&cloud), Money(4500));
        let charges = bill.settle();
        assert_eq!(charges.len(), 2);
        assert_eq!(charges[0], Charge { by: cloud, usage: tokens(150.0, 4500) });
        assert!(bill.settle().is_empty());
    }
}
