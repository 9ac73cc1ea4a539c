//! Conformance suites: what the `# Behavior` lists of the ports promise, as one function per scenario.
//!
//! An adapter writes one line per port and gets one named test per scenario; it needs `tokio` with `macros` and
//! `rt-multi-thread` among its development dependencies. The maker gives the port and whatever must live as long
//! as the test, such as a temporary folder; or nothing, said aloud, where a server that it needs is not installed.
//!
//! ```ignore
//! async fn make_store() -> (Arc<dyn Store>, tempfile::TempDir) { … }
//! orion_core::store_conformance!(make_store);
//! ```
//!
//! A scenario fails by panicking. Each begins with an empty port of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a suite fails by panicking")]

pub mod archive;
pub mod blob;
pub mod broadcast;
pub mod event_log;
pub mod generate;
pub mod language;
pub mod lease;
pub mod limit;
pub mod repository;
pub mod sample;
pub mod store;
pub mod transcribe;
pub mod vector;
pub mod wire;

use crate::port::Sleeper;
use crate::{ErrorKind, Result};
use async_trait::async_trait;
use std::fmt::Debug;
use std::task::Poll;
use std::time::Duration;

/// Asserts that something fails in one way.
#[track_caller]
pub fn assert_fails<T: Debug>(result: Result<T>, kind: ErrorKind) {
    match result {
        Err(error) if error.kind() == kind => {}
        other => panic!("expected {}, got {other:?}", kind.as_str()),
    }
}

/// A timer by which no time passes: who waits for it waits for ever.
#[derive(Debug, Clone, Copy)]
pub struct Standstill;

#[async_trait]
impl Sleeper for Standstill {
    async fn sleep(&self, _duration: Duration) {
        std::future::pending().await
    }
}

/// Lets the other futures of the same task run.
async fn let_others_on() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a maker gives: a port and what must live as long as the test, or `None` where its server is not installed and
/// the maker has said so.
pub trait Made {
    /// The port.
    type Port;
    /// What must live as long as the test.
    type Alive;
    /// Both, or nothing to test.
    fn made(self) -> Option<(Self::Port, Self::Alive)>;
}

impl<P, A> Made for (P, A) {
    type Port = P;
    type Alive = A;
    fn made(self) -> Option<(P, A)> {
        Some(self)
    }
}

impl<P, A> Made for Option<(P, A)> {
    type Port = P;
    type Alive = A;
    fn made(self) -> Self {
        self
    }
}

/// Emits one test per scenario of a suite module; the macros below fill in the scenarios.
#[macro_export]
macro_rules! conformance {
    ($make:path, $suite:ident: $($scenario:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $scenario() {
            let Some((port, _alive)) = $crate::testing::Made::made($make().await) else { return };
            $crate::testing::$suite::$scenario(port).await;
        }
    )+};
}

/// Tests a [`Store`](crate::port::Store) with its repositories and event log.
#[macro_export]
macro_rules! store_conformance {
    ($make:path) => {
        $crate::conformance!($make, repository:
            every_kind_of_row_comes_back_as_it_went_in
            a_missing_row_is_none
            unique_keys_are_compared_byte_by_byte
            a_taken_identity_or_key_is_refused_and_the_transaction_goes_on
            an_update_counts_and_a_stale_one_is_refused
            a_changed_key_frees_the_old_one
            deleting_twice_succeeds_and_frees_the_key
            filters_narrow_lists_and_counts
            lists_run_in_every_order
            pages_have_bounds
            pages_are_stable_while_rows_come_and_go
            hostile_text_and_large_rows_come_back
            what_cannot_be_ordered_is_refused
        );
        $crate::conformance!($make, store:
            a_transaction_sees_its_own_writes
            a_dropped_transaction_leaves_no_trace
            uncommitted_work_is_unseen_and_readers_do_not_wait
            a_reader_sees_one_moment
            a_reader_cannot_write
            no_update_is_lost
            random_work_ends_as_in_memory
        );
        $crate::conformance!($make, archive:
            a_copy_is_the_same_in_every_part
            a_copy_goes_on_where_the_record_stood
            a_walk_has_pages_and_sees_one_moment
            what_cannot_be_put_back_is_refused
        );
        $crate::conformance!($make, event_log:
            sequences_rise_over_commits
            an_event_is_appended_once
            the_last_event_and_the_place_of_each_are_known
            reading_is_bounded_and_respects_owners
            a_tailing_reader_misses_nothing
            a_new_group_begins_at_the_start_and_groups_are_independent
            a_claim_holds_until_its_lease_ends
            an_extended_claim_holds_longer
            an_acknowledged_event_never_returns
            many_are_acknowledged_at_once
            a_claim_can_end_in_the_transaction_that_makes_it
            an_acknowledgement_that_is_rolled_back_does_not_count
            a_released_event_waits_for_its_time
            a_buried_event_is_listed_with_its_reason
            an_exhumed_event_is_tried_again
            a_stale_fence_is_refused
            concurrent_claims_never_double
            groups_are_known_by_name
            old_events_go_once_every_group_is_done_with_them
            a_log_that_was_emptied_goes_on
            forgetting_is_bounded_and_undone_by_a_rollback
            every_kind_of_event_comes_back_as_it_went_in
        );
        $crate::conformance!($make, lease:
            a_lease_is_one_holders_until_its_time_is_over
            a_renewed_lease_holds_longer
            a_returned_lease_is_free_and_spent
            what_a_worker_writes_that_was_overtaken_is_refused
            nobody_takes_a_lease_before_the_end_of_a_transaction_that_checked_it
            of_many_who_ask_one_gets_a_lease
            a_wrong_clock_holds_up_nobody
            leases_are_undone_with_their_transaction
        );
    };
}

/// Tests a [`BlobStore`](crate::port::BlobStore).
#[macro_export]
macro_rules! blob_conformance {
    ($make:path) => {
        $crate::conformance!($make, blob:
            bytes_come_back_as_they_went_in
            keeping_twice_changes_nothing
            parts_are_parts_of_the_whole
            missing_bytes_are_missed
            forgetting_twice_succeeds
            an_imported_file_is_moved_in
            a_failed_import_leaves_the_file
            an_export_replaces_the_file_and_nothing_else
            an_exported_file_can_be_changed_without_harm
            many_at_once_agree
            lists_show_each_shelf_in_order
            what_is_set_aside_is_read_until_it_is_discarded
            bytes_are_read_at_every_moment_of_a_move
            tidying_leaves_what_is_whole
        );
    };
}

/// Tests a [`Wire`](crate::port::Wire).
#[macro_export]
macro_rules! wire_conformance {
    ($make:path) => {
        $crate::conformance!($make, wire:
            nobody_needs_to_listen
            everybody_who_waits_wakes
            old_news_wakes_nobody
            a_wait_can_be_dropped
            waking_is_as_announcing
        );
    };
}

/// Tests a [`Broadcast`](crate::port::Broadcast) with somebody who listens from outside.
#[macro_export]
macro_rules! broadcast_conformance {
    ($make:path) => {
        $crate::conformance!($make, broadcast:
            listeners_hear_every_kind_in_order
            a_large_batch_arrives_whole
            nobody_needs_to_hear
        );
    };
}

/// Tests a [`RateLimiter`](crate::port::RateLimiter).
#[macro_export]
macro_rules! limiter_conformance {
    ($make:path) => {
        $crate::conformance!($make, limit:
            the_window_slides
            a_refused_call_is_not_counted
            callers_and_groups_are_apart
            many_at_once_get_exactly_the_limit
        );
    };
}

/// Tests a [`VectorIndex`](crate::port::VectorIndex).
#[macro_export]
macro_rules! vector_conformance {
    ($make:path) => {
        $crate::conformance!($make, vector:
            the_nearest_come_first
            a_later_vector_replaces
            useless_vectors_are_refused
            forgetting_a_key_twice_succeeds
            collections_are_apart
        );
    };
}

/// Tests a [`LanguageModel`](crate::port::LanguageModel); the maker gives a
/// [`Conversation`](crate::testing::language::Conversation).
#[macro_export]
macro_rules! language_conformance {
    ($make:path) => {
        $crate::conformance!($make, language:
            an_answer_is_words_and_is_counted
            an_answer_to_a_schema_is_json
            an_answer_at_its_longest_length_is_an_error
            a_call_that_was_stopped_before_is_not_made
            a_long_answer_is_reported_and_stops_on_request
            an_answer_that_ends_early_is_an_error
            an_answer_that_breaks_off_is_an_error
            words_in_the_place_of_json_are_an_error
            an_answer_that_falls_silent_stops_on_request
            a_server_that_is_away_is_said_to_be_with_what_to_do
        );
    };
}

/// Tests a [`Transcriber`](crate::port::Transcriber); the maker gives a
/// [`Hearing`](crate::testing::transcribe::Hearing).
#[macro_export]
macro_rules! transcriber_conformance {
    ($make:path) => {
        $crate::conformance!($make, transcribe:
            words_are_timed_within_the_sound
            silence_has_no_words
            what_is_no_sound_is_refused
            a_transcription_that_was_stopped_is_not_made
            a_transcription_under_way_stops_on_request
        );
    };
}

/// Tests an [`Embedder`](crate::port::Embedder).
#[macro_export]
macro_rules! embedder_conformance {
    ($make:path) => {
        $crate::conformance!($make, generate:
            embeddings_are_unit_vectors_in_order
            embeddings_repeat
            stopped_embedding_is_not_made
        );
    };
}

/// Tests a [`SpeechModel`](crate::port::SpeechModel) with an installed voice.
#[macro_export]
macro_rules! speech_conformance {
    ($make:path) => {
        $crate::conformance!($make, generate:
            speech_times_every_word
            speech_refuses_what_it_cannot_speak
            speech_lists_its_voices
            cancelled_speech_stops
        );
    };
}

/// Tests an [`ImageModel`](crate::port::ImageModel).
#[macro_export]
macro_rules! image_conformance {
    ($make:path) => {
        $crate::conformance!($make, generate:
            pictures_have_the_size_that_was_asked
            pictures_out_of_bounds_are_refused
            what_is_done_is_given_again
            stopping_touches_no_other_work
            unknown_handles_are_unknown
        );
    };
}

/// Tests a [`ClipModel`](crate::port::ClipModel) whose store holds [`generate::STILL`]; the maker gives a
/// [`Moving`](crate::testing::generate::Moving).
#[macro_export]
macro_rules! clip_conformance {
    ($make:path) => {
        $crate::conformance!($make, generate:
            clips_are_what_they_say
            clips_out_of_bounds_are_refused
            stopping_touches_no_other_clip
            unknown_clips_are_unknown
            slow_clips_are_not_waited_for_when_they_are_sent
            a_clip_is_fetched_by_another_process
        );
    };
}
