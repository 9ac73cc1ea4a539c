//! What was taken from a purse for work that is paid for when it is done, and may be done in another process.

use crate::domain::{CostCategory, Money};
use crate::port::Provider;
use crate::{Operation, Result};
use std::sync::{Mutex, PoisonError};

/// The money of one piece of work.
pub(super) struct Taken<'o> {
    operation: &'o Operation,
    by: &'o Provider,
    category: CostCategory,
    amount: Mutex<Option<Money>>,
}

impl<'o> Taken<'o> {
    /// Nothing yet, for one unit that this provider is asked for.
    pub(super) fn nothing(operation: &'o Operation, by: &'o Provider, category: CostCategory) -> Self {
        Self { operation, by, category, amount: Mutex::default() }
    }

    /// Takes what one attempt may cost. Every attempt is paid for: a failed one may have been, too.
    pub(super) async fn take(&self) -> Result<()> {
        let amount = self.operation.afford(self.by, self.category, 1.0).await?;
        *self.amount.lock().unwrap_or_else(PoisonError::into_inner) = Some(amount);
        Ok(())
    }

    /// Tells what the attempt that succeeded has cost. What was not taken here was taken by whoever sent the work.
    pub(super) async fn settle(&self, cost: Money) {
        let amount = self.amount.lock().unwrap_or_else(PoisonError::into_inner).take();
        let amount = amount.unwrap_or_else(|| self.operation.price(self.by, self.category, 1.0));
        self.operation.settle(amount, cost).await;
    }
}
