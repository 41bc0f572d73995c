//! What every database must do alike: one suite, run on each of them.
//!
//! SQLite always; PostgreSQL and MySQL with the features of that name, on the servers that
//! `CIRCADIA_TEST_POSTGRES_URL` and `CIRCADIA_TEST_MYSQL_URL` name (`tests/run` starts them).

#[cfg(test)] // which lets the lints know
mod contract {
    pub(crate) mod accounts;
    pub(crate) mod audit;
    pub(crate) mod calendar;
    pub(crate) mod entries;
    pub(crate) mod ephemera;
    pub(crate) mod erasure;
    pub(crate) mod export;
    pub(crate) mod habits;
    pub(crate) mod home;
    pub(crate) mod idempotency_keys;
    pub(crate) mod identities;
    pub(crate) mod imports;
    pub(crate) mod jobs;
    pub(crate) mod keys;
    pub(crate) mod login_analytics;
    pub(crate) mod logins;
    pub(crate) mod migrations;
    pub(crate) mod moods;
    pub(crate) mod one_time;
    pub(crate) mod passkeys;
    pub(crate) mod personal_tokens;
    pub(crate) mod push_subscriptions;
    pub(crate) mod quotes;
    pub(crate) mod reminder_days;
    pub(crate) mod reminders;
    pub(crate) mod rules;
    mod schema;
    pub(crate) mod sessions;
    pub(crate) mod shared_pauses;
    pub(crate) mod sleep;
    pub(crate) mod stats;
    pub(crate) mod sync;
    pub(crate) mod tasks;
    pub(crate) mod themes;
    pub(crate) mod time_entries;
    pub(crate) mod timer;
    pub(crate) mod totp;
    pub(crate) mod transfer;
    pub(crate) mod units;
    pub(crate) mod users;
    pub(crate) mod webhooks;
}
#[cfg(test)]
mod support;

/// Each test on each database, as `sqlite::users::a_user_reads_back_as_written`; after `servers:` those that make no
/// sense of a file.
macro_rules! contract {
    ($($feature:ident { $($test:ident),+ $(,)? $(; servers: $($server_test:ident),+ $(,)?)? })+) => {
        mod sqlite {
            $(mod $feature { $(
                #[test]
                fn $test() {
                    crate::contract::$feature::$test(circadia_storage::Backend::Sqlite);
                }
            )+ })+
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(mod $feature { $(
                #[test]
                fn $test() {
                    crate::contract::$feature::$test(circadia_storage::Backend::Postgres);
                }
            )+ $($(
                #[test]
                fn $server_test() {
                    crate::contract::$feature::$server_test(circadia_storage::Backend::Postgres);
                }
            )+)? })+
        }

        #[cfg(feature = "mysql")]
        mod mysql {
            $(mod $feature { $(
                #[test]
                fn $test() {
                    crate::contract::$feature::$test(circadia_storage::Backend::Mysql);
                }
            )+ $($(
                #[test]
                fn $server_test() {
                    crate::contract::$feature::$server_test(circadia_storage::Backend::Mysql);
                }
            )+)? })+
        }
    };
}

contract! {
    reminder_days {
        who_travels_is_told_once_a_day,
        bedtime_follows_the_sleep_goal,
        a_reminder_follows_the_day_of_its_task,
        a_changed_reminder_begins_anew,
        there_is_nothing_to_tell_of_what_is_done,
        what_is_late_is_told_on_its_day,
        an_outage_of_days_is_passed_over_at_once,
        two_dispatchers_tell_once,
        what_a_writer_has_read_is_not_passed_meanwhile,
    }
    reminders {
        a_reminder_reads_back_as_written,
        reminders_are_listed_oldest_first_by_what_they_belong_to,
        a_reminder_goes_with_its_habit_or_task,
        what_is_due_is_found_the_longest_due_first,
        an_occurrence_is_passed_once,
        of_eight_dispatchers_at_once_one_passes_an_occurrence,
    }
    sync {
        whoever_reads_on_from_a_cursor_has_everything,
        a_revision_of_many_rows_is_read_in_parts,
        old_tombstones_go_and_older_cursors_with_them,
        every_table_with_a_revision_is_synced_or_left_out_for_a_reason,
    }
    export {
        every_table_of_users_is_exported_or_left_out_for_a_reason,
        everything_that_is_exported_has_a_place_in_the_document,
        pages_follow_one_another,
        many_rows_are_put_and_replaced,
    }
    units {
        a_user_without_a_revision_is_refused,
        a_write_raises_the_revision_by_one,
        a_failed_write_leaves_nothing,
        a_remembered_refusal_is_kept,
        a_panic_leaves_nothing_and_a_usable_connection,
        a_read_sees_one_snapshot,
        eight_writers_on_one_user_lose_nothing,
        eight_writers_on_eight_users_all_get_their_turn,
        an_exhausted_pool_is_unavailable_in_time,
        statements_are_counted_without_the_transaction,
        writes_in_a_group_are_kept_or_undone_each_by_itself,
        a_panic_in_a_group_undoes_nothing_of_the_others,
        a_database_answers_a_ping;
        servers:
        a_read_cannot_write,
        a_write_that_lost_to_another_runs_again_as_a_whole,
        a_server_that_is_away_is_unavailable_in_time,
        lost_connections_are_replaced_unseen,
    }
    users {
        a_user_reads_back_as_written,
        a_user_without_optional_parts_reads_back,
        names_and_addresses_are_unique_and_told_apart,
        a_user_is_renamed_unless_another_has_the_name,
        accents_and_case_make_different_addresses,
        credentials_are_found_by_name_address_and_id,
        names_are_reserved_once_and_go_with_their_holder,
        settings_and_passwords_change,
        an_image_is_set_and_removed_for_its_user_alone,
        roles_exist_once_someone_has_them,
    }
    identities {
        an_identity_reads_back_as_written,
        a_subject_belongs_to_one_user_and_its_case_counts,
        an_identity_is_deleted_by_its_user,
        one_subject_of_two_issuers_is_two_identities,
        of_eight_users_who_link_one_subject_one_does,
    }
    sessions {
        a_session_reads_back_as_written,
        a_session_of_another_user_is_not_found,
        a_secret_is_replaced,
        an_ended_session_is_published_once,
        all_sessions_end_together,
        all_sessions_but_one_end_together,
        old_sessions_and_feed_entries_are_purged,
        sessions_that_go_on_are_listed_latest_use_first,
        a_changed_role_is_published_and_ends_nothing,
    }
    login_analytics {
        figures_equal_a_count_of_the_attempts,
        several_writers_roll_up_once,
        addresses_are_truncated_after_30_days,
        old_attempts_go_and_their_figures_stay,
        suspicious_patterns_are_recorded_once_an_hour,
        a_new_device_or_country_is_noticed,
        activity_is_read_in_pages,
        accounts_are_counted,
    }
    logins {
        successes_are_counted_since_each_start,
        attempts_without_an_account_are_recorded,
    }
    jobs {
        a_job_is_claimed_as_it_was_enqueued,
        workers_never_get_the_same_job,
        what_was_not_begun_is_handed_back,
        a_lease_is_renewed_as_long_as_it_is_in_force,
        an_expired_lease_is_taken_over_and_is_the_first_worker_s_no_more,
        jobs_come_when_they_are_due_the_longest_due_first,
        a_job_that_goes_on_is_claimed_again_as_a_new_one,
        what_is_done_holds_nothing_and_what_is_given_up_can_be_retried,
        old_jobs_are_purged,
        jobs_are_listed_newest_first_by_state_and_kind,
        jobs_are_counted_by_state_and_kind,
        of_eight_schedulers_at_once_one_enqueues,
        no_second_job_is_enqueued_while_the_last_waits,
        a_clock_that_is_set_back_stops_no_schedule,
        jobs_of_unknown_users_are_refused,
    }
    idempotency_keys {
        one_of_many_requests_claims_a_key,
        what_was_committed_is_not_done_again,
        old_keys_go,
        the_newest_keys_of_a_user_are_remembered,
    }
    one_time {
        a_newer_token_takes_the_place_of_an_older_one,
        tokens_are_removed_by_purpose_and_age,
        tokens_of_unknown_users_are_refused,
    }
    erasure {
        every_table_of_users_is_known_to_the_erasure,
        nothing_is_left_of_an_erased_user,
        erasing_works_while_others_write_about_the_user,
        an_address_is_confirmed_or_taken,
        superusers_are_counted_one_unit_of_work_at_a_time,
    }
    audit {
        events_read_back_newest_first,
        events_are_found_by_account_and_time_and_paged,
        events_outlive_their_accounts,
        events_are_found_by_actor_action_and_days_and_counted,
    }
    accounts {
        accounts_are_filtered_and_counted,
        accounts_are_read_on_from_any_of_them,
        an_account_tells_how_its_user_can_sign_in,
        an_account_is_changed_as_a_whole_or_refused,
        addresses_are_verified_once_in_the_user_s_next_revision,
    }
    totp {
        a_second_factor_reads_back_as_written_and_is_replaced,
        recovery_codes_are_used_once_and_replaced_together,
    }
    passkeys {
        a_passkey_reads_back_as_written,
        what_changes_of_a_passkey_is_stored_and_the_rest_stays,
        passkeys_of_others_are_out_of_reach,
        a_credential_belongs_to_one_passkey,
        passkeys_are_removed_one_by_one_and_together,
    }
    push_subscriptions {
        a_subscription_reads_back_as_written,
        what_a_browser_renews_is_stored_and_the_rest_stays,
        the_end_of_an_attempt_is_noted,
        subscriptions_of_others_are_out_of_reach,
        an_endpoint_belongs_to_one_subscription,
        an_endpoint_that_several_send_at_once_belongs_to_one_of_them,
        subscriptions_are_limited,
    }
    webhooks {
        a_webhook_reads_back_as_written,
        what_its_owner_changes_is_stored_and_the_rest_stays,
        webhooks_of_others_are_out_of_reach,
        changes_are_told_once_however_many_look,
        many_changes_are_told_by_parts,
        a_webhook_is_served_by_one_server_at_a_time,
        a_delivery_is_tried_until_it_is_given_up,
        one_message_that_is_refused_does_not_make_an_endpoint_dead,
        an_endpoint_that_is_gone_is_disabled_at_once,
        what_waits_goes_on_when_a_webhook_is_enabled,
        deliveries_are_listed_newest_first,
        old_deliveries_are_purged,
    }
    calendar {
        a_calendar_reads_back_as_written_and_is_replaced,
        calendars_show_what_is_open_or_was_changed_lately,
    }
    personal_tokens {
        a_token_reads_back_as_written,
        tokens_of_others_are_out_of_reach,
        a_removed_token_is_published,
        a_use_is_noted_once_in_a_while,
        tokens_that_expired_long_ago_are_purged,
    }
    keys {
        keys_read_back_oldest_first,
        replicas_that_start_together_make_one_key,
    }
    ephemera {
        a_value_reads_back_until_it_expires,
        of_many_takers_one_gets_it,
        what_expired_is_purged,
    }
    quotes {
        a_set_is_in_force_from_its_day_until_the_next,
    }
    stats {
        an_overview_is_of_what_every_tracker_wrote,
        statistics_cost_the_same_however_much_there_is,
        tasks_are_counted_by_kind_and_found_by_their_instants,
        what_goes_together_is_found_in_what_is_stored,
    }
    themes {
        a_theme_reads_back_as_written,
        accents_make_different_names,
        one_user_s_names_are_unique_and_two_users_may_share_one,
        what_belongs_to_them_is_counted,
        a_deleted_theme_leaves_its_habits_and_tasks_unthemed,
        themes_of_others_are_out_of_reach,
    }
    imports {
        an_import_reads_back_as_written,
        what_was_made_is_forgotten_from_its_end,
        revisions_are_those_of_ones_own,
        each_part_is_done_once_whoever_does_it,
    }
    shared_pauses {
        a_shared_pause_reads_back_as_written,
        they_are_listed_by_their_first_day,
        a_deleted_one_leaves_a_tombstone,
        shared_pauses_of_others_are_out_of_reach,
        what_habits_have_of_them_is_stored_for_a_thousand_habits_at_once,
        however_much_habits_have_of_them_no_statement_is_too_large,
    }
    habits {
        a_habit_reads_back_as_written,
        a_bare_habit_reads_back_as_written,
        a_habit_changes_but_for_its_origin,
        habits_come_in_their_users_order,
        several_habits_are_found_in_one_statement,
        totals_are_those_of_the_user,
        habits_move_in_few_statements,
        histories_are_replaced_in_one_statement,
        recent_parts_are_stored_with_their_histories,
        a_day_to_write_comes_with_all_that_it_needs,
        a_deleted_habit_takes_its_entries_along_and_is_remembered,
        habits_of_others_are_out_of_reach,
        lists_cost_the_same_for_one_habit_and_for_fifty,
    }
    home {
        the_timer_comes_with_the_habits,
        sleep_and_mood_come_together,
    }
    entries {
        an_entry_reads_back_as_written,
        a_second_put_replaces_but_for_the_first_time,
        a_thousand_entries_are_put_in_one_statement,
        the_last_of_several_puts_of_one_entry_counts,
        entries_are_found_by_habit_and_date,
        ranges_run_both_ways_and_are_limited,
        entries_across_habits_run_both_ways_behind_any_of_them,
        records_of_a_habit_come_by_date,
        amounts_are_those_of_the_range,
        a_deleted_entry_leaves_a_tombstone_each_time,
        a_hundred_puts_of_one_entry_leave_one_row,
        increments_add_up,
        entries_of_others_are_out_of_reach,
    }
    sleep {
        a_log_reads_back_as_written,
        a_log_changes_but_for_its_origin,
        logs_between_two_instants_are_those_that_overlap,
        lists_of_logs_run_both_ways_and_are_limited,
        sleeps_of_a_range_come_by_start,
        logs_are_deleted_together_and_remembered,
        no_two_logs_begin_at_once,
        logs_of_others_are_out_of_reach,
    }
    moods {
        a_mood_reads_back_as_written,
        a_second_put_replaces_but_for_the_first_time,
        a_moment_reads_back_as_written,
        days_come_with_everything_that_is_said_about_them,
        values_are_the_days_own_or_the_means_of_moments,
        dates_run_both_ways_and_are_limited,
        what_is_deleted_is_remembered,
        moods_of_others_are_out_of_reach,
    }
    tasks {
        due_tasks_are_the_open_ones_up_to_a_day_with_their_number,
        a_task_reads_back_as_written,
        a_bare_task_reads_back_and_changes,
        filters_select,
        texts_are_found_whatever_they_contain,
        every_order_is_walked_forth_and_back_page_by_page,
        titles_come_in_the_order_of_the_collation_page_by_page,
        keys_of_older_versions_are_rewritten,
        a_deleted_task_leaves_the_time_spent_on_it,
        tasks_of_others_are_out_of_reach,
    }
    time_entries {
        a_time_entry_reads_back_as_written,
        a_bare_time_entry_reads_back_and_changes,
        a_second_time_entry_with_an_id_is_refused,
        lists_are_filtered_and_walked_both_ways,
        minutes_are_added_up_by_habit_and_day,
        what_was_spent_is_added_up_by_day_habit_and_theme,
        a_deleted_time_entry_leaves_a_tombstone,
        a_deleted_habit_leaves_the_time_spent_on_it,
        time_entries_of_others_are_out_of_reach,
    }
    timer {
        a_timer_reads_back_as_written_and_ends,
        a_second_timer_of_one_user_is_refused_by_the_database,
        what_it_runs_for_may_go,
    }
    rules {
        bad_rows_are_refused,
        columns_that_contradict_each_other_are_refused,
        sleep_is_as_long_as_it_may_be,
        rows_that_others_refer_to_stay,
    }
    migrations {
        replicas_that_start_together_migrate_once,
        connections_that_open_together_all_open,
        what_is_pending_and_applied_is_told,
        everything_can_be_undone,
        what_was_linked_with_google_is_known_by_its_issuer,
    }
    transfer {
        every_table_and_column_is_known,
        referenced_tables_come_first,
        tables_that_migrations_fill_are_known,
        everything_is_copied_there_and_back,
        a_copy_that_was_cut_off_is_gone_on_with,
        a_database_in_use_is_filled_only_if_it_is_to_be_replaced,
        what_changes_meanwhile_is_told,
        what_arrives_damaged_is_told,
        rows_go_through_lines_of_json,
    }
}
