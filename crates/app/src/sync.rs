//! Batches of commands of apps that were offline.

use std::collections::BTreeSet;
use std::sync::Arc;

use circadia_domain::Error as DomainError;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::sync::{self, BatchFailed, Change, Command, NamedItem, Refusal, SyncState};
use circadia_domain::unit_of_work::UnitOfWorkError as _;
use serde_json::Value;

use crate::context::Context;
use crate::error::Error;
use crate::export::RUN_TIMEOUT;

/// Carries out commands.
#[derive(Debug)]
pub struct SyncCommands {
    context: Context,
}

/// A command that can't be read.
#[derive(Debug)]
pub struct UnreadCommand {
    /// What is told of that.
    pub problem: Value,
    /// The item that it names, if that can be read.
    pub names: Option<NamedItem>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandOutcome {
    /// It was carried out, now or before, in this revision.
    Applied(Revision),
    /// It was refused; what was told of that.
    Refused(Value),
    /// It wasn't tried, because another one of the batch was refused.
    NotApplied,
}

/// What became of a batch.
#[derive(Debug)]
pub struct BatchOutcome {
    /// How each command ended, with the item that it names as it is now.
    pub commands: Vec<(CommandOutcome, Option<Change>)>,
    /// The account's revision.
    pub revision: Revision,
    /// What the account has.
    pub state: SyncState,
}

impl SyncCommands {
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Carries out commands in order: in one transaction if `atomic`, then all or none; else each in one of its own. A
    /// command that can't be read is what is told of that. `tell` says what is told of a refusal.
    ///
    /// # Errors
    /// The store's. What was carried out until then stays, and isn't carried out again.
    pub async fn run(
        &self,
        user: UserId,
        commands: Vec<Result<Command, UnreadCommand>>,
        atomic: bool,
        tell: impl Fn(&Command, DomainError) -> Value,
    ) -> Result<BatchOutcome, Error> {
        let outcomes = if atomic {
            self.run_together(user, &commands, &tell).await?
        } else {
            self.run_one_by_one(user, &commands, &tell).await?
        };
        let named = commands.into_iter().map(|command| match command {
            Ok(command) => Some(command.item),
            Err(unread) => unread.names,
        });
        let named: Vec<Option<NamedItem>> = named.collect();
        let items: BTreeSet<NamedItem> = named.iter().flatten().cloned().collect();
        // What is told is as of the end of the batch, atomic or not, so it is read at once.
        let read = self.context.unit_of_work.read::<_, DomainError>(move |store| {
            let (revision, state) = sync::state(store, user)?;
            Ok((revision, state, sync::current(store, user, items)?))
        });
        let (revision, state, current) = read.await?;
        let items = named.into_iter().map(|item| item.and_then(|item| current.get(&item).cloned()));
        Ok(BatchOutcome { commands: outcomes.into_iter().zip(items).collect(), revision, state })
    }

    async fn run_together(
        &self,
        user: UserId,
        commands: &[Result<Command, UnreadCommand>],
        tell: &impl Fn(&Command, DomainError) -> Value,
    ) -> Result<Vec<CommandOutcome>, Error> {
        let unreadable = |command: &Result<Command, UnreadCommand>| match command {
            Ok(_) => CommandOutcome::NotApplied,
            Err(unread) => CommandOutcome::Refused(unread.problem.clone()),
        };
        let readable: Vec<Command> = commands.iter().filter_map(|command| command.as_ref().ok().cloned()).collect();
        if readable.len() < commands.len() {
            return Ok(commands.iter().map(unreadable).collect());
        }
        match self.write(user, readable).await {
            Ok(revisions) => Ok(revisions.into_iter().map(CommandOutcome::Applied).collect()),
            Err(failed) => {
                let index = failed.index;
                let command = commands.get(index).and_then(|command| command.as_ref().ok());
                let told = told(failed, |error| command.map_or(Value::Null, |command| tell(command, error)))?;
                let mut outcomes = vec![CommandOutcome::NotApplied; commands.len()];
                if let Some(outcome) = outcomes.get_mut(index) {
                    *outcome = CommandOutcome::Refused(told);
                }
                Ok(outcomes)
            }
        }
    }

    async fn run_one_by_one(
        &self,
        user: UserId,
        commands: &[Result<Command, UnreadCommand>],
        tell: &impl Fn(&Command, DomainError) -> Value,
    ) -> Result<Vec<CommandOutcome>, Error> {
        let (mut outcomes, mut refused) = (Vec::with_capacity(commands.len()), Vec::new());
        for command in commands {
            let command = match command {
                Ok(command) => command,
                Err(unread) => {
                    outcomes.push(CommandOutcome::Refused(unread.problem.clone()));
                    continue;
                }
            };
            match self.write(user, vec![command.clone()]).await {
                Ok(revisions) => outcomes.extend(revisions.into_iter().map(CommandOutcome::Applied)),
                Err(failed) => {
                    let told = told(failed, |error| tell(command, error))?;
                    refused.push((command.clone(), told.to_string()));
                    outcomes.push(CommandOutcome::Refused(told));
                }
            }
        }
        if !refused.is_empty() {
            let now = self.context.now();
            let remembered = self
                .context
                .unit_of_work
                .write::<_, DomainError>(user, now, move |tx| sync::remember_refusals(tx, &refused));
            remembered.await?;
        }
        Ok(outcomes)
    }

    async fn write(&self, user: UserId, commands: Vec<Command>) -> Result<Vec<Revision>, BatchFailed> {
        let (now, ids) = (self.context.now(), Arc::clone(&self.context.ids));
        let unit_of_work = self.context.unit_of_work.with_run_timeout(RUN_TIMEOUT);
        unit_of_work.write(user, now, move |tx| sync::apply(tx, &commands, &*ids)).await
    }
}

/// What is told of a refusal.
///
/// # Errors
/// Those of the store, which are no refusals.
fn told(failed: BatchFailed, tell: impl FnOnce(DomainError) -> Value) -> Result<Value, Error> {
    match failed.refusal {
        Refusal::Now(error) if error.store_error().is_some() => Err(error.into()),
        Refusal::Now(error) => Ok(tell(error)),
        Refusal::Before(told) => {
            serde_json::from_str(&told).map_err(|error| StoreError::Corrupt(error.to_string()).into())
        }
    }
}
