//! Which tests hold which clause of `tests/SECURITY.md`. A clause that none is named for fails here, and so does a name
//! that no test has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Clauses in the words of the document, each with the tests that hold it: a file and a name in it. Files are those of
/// `tests/tests`, or else of `crates`.
const HELD: &[(&str, &[&str])] = &[
    (
        "Every route with an id, tried by another user (path, query, body, nested): 404, equal to a random id but for the \
         request id",
        &[
            "api/ownership.rs::ids_of_others_in_paths_are_unknown",
            "api/ownership.rs::ids_of_others_in_bodies_and_queries_are_unknown",
            "api/ownership.rs::ids_of_others_can_be_chosen_like_any",
            "api/matrix.rs::no_role_makes_things_of_others_exist",
        ],
    ),
    (
        "lists exclude what isn't yours",
        &[
            "api/ownership.rs::lists_hold_only_what_is_ones_own",
            "api/matrix.rs::no_role_sees_things_of_others_in_what_is_its_own",
            "api/matrix.rs::nothing_of_others_is_in_any_figure",
        ],
    ),
    (
        "A route that the matrix doesn't list fails the tests",
        &[
            "api/completeness.rs::every_route_that_is_served_is_documented",
            "api/ownership.rs::what_is_private_asks_for_a_token",
        ],
    ),
    (
        "`user_ids[]=` empty, or own and foreign mixed: never \"everyone\"",
        &[
            "api/matrix.rs::nobody_asks_for_things_of_others_by_naming_them",
            "api/logins.rs::user_ids_are_never_everyone",
        ],
    ),
    (
        "Mass assignment (`role`, `email_verified`, `user_id`, `created_at`…): 422",
        &["api/matrix.rs::nobody_decides_what_the_server_decides"],
    ),
    (
        "Demoted",
        &[
            "api/revocation.rs::a_changed_role_is_read_again_everywhere_within_a_second",
            "api/administration.rs::a_role_is_in_force_everywhere_within_a_second",
        ],
    ),
    (
        "deactivated",
        &[
            "api/revocation.rs::a_deactivated_account_is_refused_everywhere_within_a_second",
            "api/revocation.rs::a_deactivated_account_is_refused_where_it_was_never_seen",
            "api/administration.rs::who_is_deactivated_is_out_everywhere_within_a_second_and_can_come_back",
        ],
    ),
    (
        "deleted",
        &[
            "api/revocation.rs::a_deleted_account_is_refused_everywhere_within_a_second",
            "api/administration.rs::a_deleted_account_is_gone_and_its_events_stay",
        ],
    ),
    (
        "logged out",
        &[
            "api/revocation.rs::what_was_logged_out_is_refused_everywhere_within_a_second",
            "api/sessions.rs::logging_out_ends_the_cookie_everywhere_within_a_second",
            "api/replicas.rs::logging_out_at_one_is_refused_at_the_others_within_a_second",
        ],
    ),
    (
        "password changed: refused on every replica within 1 s",
        &[
            "api/revocation.rs::a_changed_password_ends_other_sessions_everywhere_within_a_second",
            "api/reauthentication.rs::a_reset_ends_personal_tokens_and_a_change_does_not",
        ],
    ),
    (
        "without a store call per request: each replica follows a revocation feed (polled twice a second; Redis may push \
         it)",
        &[
            "api/sessions.rs::a_cookie_costs_no_look_up_per_request",
            "api/tokens.rs::a_token_is_looked_up_once_and_its_use_noted_once_an_hour",
        ],
    ),
    (
        "and checks the store per request while the feed can't be read",
        &["api/revocation.rs::while_the_feed_can_not_be_read_the_store_is_asked_at_each_request"],
    ),
    (
        "Staff can't edit superusers or promote",
        &[
            "api/matrix.rs::each_role_may_do_what_the_document_says_and_nothing_else",
            "api/matrix.rs::nobody_decides_what_the_server_decides",
            "api/matrix.rs::no_role_makes_things_of_others_exist",
        ],
    ),
    (
        "the last superuser stays",
        &[
            "api/account.rs::the_last_superuser_stays",
            "api/administration.rs::the_last_superuser_is_neither_demoted_nor_deactivated_nor_deleted",
            "api/administration.rs::of_superusers_who_demote_each_other_at_once_one_stays",
            "api/administration.rs::of_superusers_who_remove_each_other_at_once_one_stays",
            "auth/src/accounts/deletion.rs::the_last_superuser_stays",
        ],
    ),
    // Tokens and sessions.
    (
        "Access: JWT, Ed25519, `typ=at+jwt`, `iss aud sub sid jti`, 15 min",
        &[
            "api/auth.rs::the_published_keys_verify_access_tokens",
            "auth/src/tokens/access_tests.rs::a_token_says_who_and_in_which_session_for_15_minutes",
        ],
    ),
    (
        "±30 s leeway",
        &[
            "auth/src/tokens/access_tests.rs::clocks_may_differ_by_30_seconds_and_no_more_whether_the_token_is_remembered_or_not",
            "api/auth.rs::access_tokens_expire",
        ],
    ),
    (
        "keys with `kid`, rotation with overlap, JWKS",
        &[
            "api/keys.rs::tokens_stay_good_through_a_planned_rotation",
            "api/keys.rs::no_token_is_good_after_an_emergency_rotation",
            "api/keys.rs::replicas_that_run_follow_an_emergency_rotation_within_seconds",
            "cli/keys.rs::a_planned_rotation_announces_new_keys_and_an_emergency_ends_the_old_ones",
        ],
    ),
    (
        "Verified tokens may be cached until they expire, keyed by a hash of the whole token",
        &[
            "auth/src/tokens/access_tests.rs::flipped_bits_never_verify",
            "auth/src/tokens/access_tests.rs::rotation_overlaps_and_a_retired_key_is_refused_even_for_remembered_tokens",
        ],
    ),
    ("`alg=none`", &["api/forgeries.rs::alg_none_is_refused"]),
    ("HS256 with the public key", &["api/forgeries.rs::hs256_with_the_public_key_is_refused"]),
    ("unknown or path-like `kid`", &["api/forgeries.rs::an_unknown_or_path_like_kid_is_refused"]),
    ("`jwk`/`jku` headers", &["api/forgeries.rs::a_key_that_the_token_brings_along_is_refused"]),
    (
        "flipped bits",
        &[
            "api/forgeries.rs::flipped_bits_in_every_part_are_refused",
            "api/tokens.rs::personal_tokens_need_their_secret_not_just_a_tag",
        ],
    ),
    ("duplicate claims", &["api/forgeries.rs::duplicate_claims_are_refused"]),
    ("another token kind: 401", &["api/forgeries.rs::another_token_kind_is_refused"]),
    (
        "The role comes from the session, not from the claims",
        &[
            "api/revocation.rs::a_changed_role_is_read_again_everywhere_within_a_second",
            "auth/tests/on_sqlite.rs::a_changed_role_is_asked_for_again_at_another_replica_once_it_has_read_the_feed",
        ],
    ),
    (
        "Refresh: rotating",
        &[
            "api/auth.rs::a_refresh_token_is_good_once",
            "auth/src/sessions/refresh_tests.rs::refresh_rotates_and_only_hashes_are_stored",
        ],
    ),
    ("7 days at most from login", &["api/auth.rs::refreshing_ends_seven_days_after_the_login_to_the_second"]),
    (
        "replay of a used token revokes the family and is audited",
        &["api/auth.rs::a_replay_ends_the_whole_session", "api/audit.rs::a_replayed_refresh_token_is_audited"],
    ),
    (
        "A lost reply may be retried within 10 s and gets the same child",
        &["api/auth.rs::a_lost_reply_can_be_asked_for_again"],
    ),
    (
        "(derived by HMAC from the parent, so nothing but hashes is stored; only while the child is unused)",
        &[
            "api/secrets.rs::no_secret_is_stored_as_it_is",
            "auth/src/sessions/refresh_tests.rs::a_reply_is_given_again_only_while_the_child_is_unused",
        ],
    ),
    (
        "200 parallel refreshes: one live child, no false logout",
        &[
            "api/races.rs::two_hundred_parallel_refreshes_have_one_child",
            "api/replicas.rs::two_hundred_parallel_refreshes_leave_one_live_child_and_nobody_logged_out",
        ],
    ),
    (
        "Cookie session: 256-bit id, stored as its SHA-256",
        &[
            "api/sessions.rs::the_cookie_is_out_of_reach_and_only_its_hash_is_stored",
            "api/secrets.rs::no_secret_is_stored_as_it_is",
        ],
    ),
    (
        "`__Host-` prefix, Secure, HttpOnly, SameSite=Lax (plain name without Secure only on loopback in development)",
        &[
            "api/sessions.rs::the_cookie_is_secure_wherever_it_leaves_the_machine",
            "api/sessions.rs::every_cookie_of_production_is_secure",
            "api/src/http/cookies.rs::cookies_are_plain_only_on_the_machine_of_a_developer",
        ],
    ),
    (
        "New id at login",
        &[
            "api/sessions.rs::a_sign_in_always_gets_a_new_id",
            "api/providers/signing_in.rs::a_browser_s_session_is_new_at_each_sign_in",
        ],
    ),
    (
        "CSRF: session-bound token in `X-CSRF-Token` + Origin allow-list + `Sec-Fetch-Site`; `text/plain` bodies refused",
        &[
            "api/sessions.rs::unsafe_requests_by_cookie_come_from_our_own_pages",
            "api/sessions.rs::no_unsafe_operation_by_cookie_goes_without_its_token_or_from_another_site",
            "api/sessions.rs::listed_origins_may_use_cookies",
            "api/sessions.rs::pages_of_other_sites_sign_nobody_in",
        ],
    ),
    (
        "OAuth: state single-use and bound to the browser",
        &[
            "api/providers/failures.rs::a_state_is_good_once",
            "api/providers/failures.rs::a_state_belongs_to_its_browser",
            "api/providers/failures.rs::a_state_that_was_not_given_out_is_refused",
        ],
    ),
    ("PKCE S256", &["api/providers/failures.rs::a_code_without_its_verifier_is_refused"]),
    ("nonce", &["api/providers/failures.rs::a_nonce_of_another_sign_in_is_refused"]),
    (
        "`iss`/`aud`/`email_verified` checked",
        &[
            "api/providers/failures.rs::a_token_of_another_issuer_is_refused",
            "api/providers/failures.rs::a_token_for_another_client_is_refused",
            "api/providers/failures.rs::an_address_that_is_not_verified_is_refused",
        ],
    ),
    (
        "so is `iss` in the redirect (RFC 9207)",
        &[
            "api/providers/failures.rs::a_browser_from_another_issuer_is_refused",
            "api/providers/several.rs::a_provider_that_always_names_itself_in_redirects_must",
        ],
    ),
    (
        "never `none` nor HS*, only algorithms that the provider names",
        &[
            "api/providers/failures.rs::an_unsigned_token_is_refused",
            "api/providers/failures.rs::a_token_signed_with_the_client_s_secret_is_refused",
            "api/providers/failures.rs::a_token_signed_with_the_public_key_as_a_secret_is_refused",
            "auth/src/oauth/tests.rs::tokens_are_signed_as_the_provider_says_that_it_signs_them",
        ],
    ),
    (
        "a provider's e-mail equal to a local account's is never linked without signing in first",
        &["api/providers/signing_in.rs::an_address_of_a_local_account_is_never_linked_by_itself"],
    ),
    (
        "Of several providers, one's answer never counts for another's flow, and one that is down holds up no other; \
         identities are issuer and subject",
        &[
            "api/providers/several.rs::what_one_provider_answers_is_never_taken_for_another_s",
            "api/providers/several.rs::a_provider_that_hangs_holds_up_nobody_else",
            "api/providers/several.rs::one_subject_of_two_issuers_is_two_people",
        ],
    ),
    (
        "Of tenants that share an issuer, only the configured ones",
        &["auth/src/oauth/tests.rs::of_tenants_that_share_a_provider_only_those_that_are_configured_are_believed"],
    ),
    (
        "What another site posts to a callback counts for nothing without the browser's cookie",
        &[
            "api/providers/failures.rs::a_state_belongs_to_its_browser",
            "api/providers/several.rs::a_form_is_only_forwarded",
        ],
    ),
    (
        "`next`: `//evil`, `/\\evil`, `%2f%2fevil`, CRLF → the default page",
        &["api/providers/signing_in.rs::next_never_leads_elsewhere"],
    ),
    (
        "Passkeys: challenge of the server's own, single-use, for five minutes, bound to its purpose and to who began it",
        &[
            "api/passkeys.rs::an_answer_is_good_once_and_for_its_own_ceremony",
            "api/passkeys.rs::an_answer_used_at_once_lets_one_in",
            "api/passkeys.rs::a_ceremony_ends_after_five_minutes",
            "api/passkeys.rs::a_registration_belongs_to_its_session_and_is_good_once",
            "auth/src/passkeys/tests.rs::another_challenge_is_refused",
            "auth/src/passkeys/tests.rs::a_registration_does_not_answer_a_sign_in",
        ],
    ),
    (
        "origin, relying party, user verification and signature checked",
        &[
            "auth/src/passkeys/tests.rs::another_origin_is_refused",
            "auth/src/passkeys/tests.rs::another_relying_party_is_refused",
            "auth/src/passkeys/tests.rs::a_device_that_does_not_verify_its_user_is_refused",
            "api/passkeys.rs::where_and_whose_passkeys_are_is_configured",
            "api/passkeys.rs::passkeys_that_can_not_be_verified_are_not_added",
            "browser/passkeys.rs::a_passkey_is_added_and_signs_in_on_a_page_of_the_front_end",
        ],
    ),
    (
        "a counter that goes backwards is refused and audited",
        &[
            "api/passkeys.rs::a_counter_that_goes_backwards_is_refused_and_audited",
            "auth/src/passkeys/tests.rs::a_counter_that_does_not_rise_is_told_apart",
        ],
    ),
    (
        "Not a user's own passkey, replayed, expired, flipped bits: 401, all alike",
        &[
            "api/passkeys.rs::what_is_wrong_with_an_answer_is_refused_alike_and_recorded",
            "api/passkeys.rs::a_passkey_signs_in_to_no_other_account",
            "api/passkeys.rs::a_passkey_answers_a_challenge_in_place_of_a_code",
            "api/passkeys.rs::accounts_that_may_not_sign_in_may_not_by_passkey",
            "auth/src/passkeys/tests.rs::flipped_bits_never_verify",
            "auth/src/passkeys/tests.rs::answers_that_are_cut_short_are_refused",
        ],
    ),
    (
        "Adding and removing needs the password or a fresh sign-in; the owner gets a mail",
        &[
            "api/passkeys.rs::adding_one_needs_the_password_or_a_fresh_sign_in",
            "api/passkeys.rs::removing_one_needs_the_password_or_a_fresh_sign_in",
            "api/passkeys.rs::a_passkey_signs_in_without_a_name",
        ],
    ),
    (
        "Those of an address that was never verified go with a password reset",
        &["api/passkeys.rs::a_reset_removes_those_of_an_address_that_was_never_verified"],
    ),
    (
        "One-time tokens: 256 bits, stored hashed",
        &[
            "api/verification.rs::one_time_tokens_are_stored_hashed_and_no_job_holds_one",
            "api/secrets.rs::no_secret_is_stored_as_it_is",
        ],
    ),
    ("single use", &["api/verification.rs::one_time_tokens_are_good_once_and_for_one_of_many_who_use_them_at_once"]),
    ("superseded by newer ones", &["api/verification.rs::one_time_tokens_are_superseded_by_newer_ones_and_expire"]),
    (
        "links use the configured base URL, never the Host header",
        &["api/verification.rs::links_use_the_configured_base_url_never_the_host_header"],
    ),
    // Accounts.
    (
        "Argon2id (46 MiB, t=1, p=1 or stronger)",
        &["auth/src/passwords/hasher_tests.rs::argon2id_46_mib_and_only_the_right_password_matches"],
    ),
    (
        "own bounded pool with a queue deadline (then 503)",
        &[
            "auth/src/passwords/hasher_tests.rs::the_queue_is_bounded_and_has_a_deadline",
            "api/passwords.rs::too_many_sign_ins_at_once_are_told_to_come_back_and_nobody_else_waits",
        ],
    ),
    (
        "rehash on login",
        &[
            "auth/src/passwords/hasher_tests.rs::a_weaker_hash_matches_and_brings_one_of_today",
            "api/passwords.rs::a_weaker_hash_is_replaced_at_the_next_sign_in",
        ],
    ),
    (
        "An unknown user costs the same work as a wrong password",
        &[
            "auth/src/passwords/hasher_tests.rs::an_unknown_user_costs_the_work_of_a_hash",
            "api/auth.rs::unknown_users_and_wrong_passwords_answer_alike",
        ],
    ),
    ("identical status, body, headers on login", &["api/auth.rs::unknown_users_and_wrong_passwords_answer_alike"]),
    ("forgot, resend", &["api/verification.rs::accounts_identical_answers_on_forgot_and_resend"]),
    (
        "and on register when verification is required",
        &["api/verification.rs::accounts_identical_answers_on_register_where_verification_is_required"],
    ),
    (
        "what registering and signing in afterwards tell is the same whether the address was free or taken, names included",
        &[
            "api/verification.rs::accounts_identical_answers_to_a_sign_in_after_registering",
            "api/verification.rs::a_name_that_was_registered_with_a_taken_address_is_taken_like_any_other",
            "api/limits.rs::a_name_reserved_with_a_taken_address_counts_with_its_account",
        ],
    ),
    (
        "Passwords: at least 8, at most 128 code points",
        &["auth/src/passwords/policy.rs::passwords_at_least_8_at_most_128_code_points"],
    ),
    (
        "NFC",
        &[
            "auth/src/passwords/password.rs::both_ways_to_compose_an_accent_are_one_password",
            "api/passwords.rs::both_ways_to_compose_an_accent_sign_in",
        ],
    ),
    (
        "common and breached ones (embedded list), all-numeric ones, ones similar to name or e-mail and ones that are easy \
         to guess (zxcvbn) refused, with the reason",
        &[
            "api/auth.rs::bad_passwords_are_refused_with_the_reason",
            "auth/src/passwords/policy.rs::common_and_all_numeric_passwords_are_refused_with_every_reason",
            "auth/src/passwords/policy.rs::passwords_similar_to_name_or_email_are_refused",
            "auth/src/passwords/policy.rs::passwords_that_are_easy_to_guess_are_refused",
            "auth/src/passwords/strength.rs::common_words_with_trimmings_are_weak_and_a_few_words_are_not",
            "auth/src/passwords/common.rs::the_list_is_sorted_and_every_line_of_it_is_found",
        ],
    ),
    (
        "Bodies over the limit are refused before hashing",
        &["api/passwords.rs::bodies_over_the_limit_are_refused_before_hashing"],
    ),
    (
        "Throttles per IP (IPv6 by /64)",
        &["api/limits.rs::the_sixth_login_in_a_burst_is_refused", "api/limits.rs::trusted_proxies_tell_clients_apart"],
    ),
    (
        "and per account, whichever of its names is tried",
        &[
            "api/limits.rs::an_account_is_limited_from_wherever_it_is_tried",
            "api/limits.rs::guesses_by_name_and_by_address_are_counted_together",
        ],
    ),
    (
        "back-off rather than lock-out: a device or network that signed in before isn't held up by strangers",
        &[
            "auth/src/throttles/gcra.rs::the_sixth_attempt_of_a_burst_is_refused_and_the_allowance_refills_evenly",
            "api/limits.rs::a_device_that_signed_in_before_gets_in_while_strangers_guess",
            "api/limits.rs::a_browser_that_signed_in_before_gets_in_while_strangers_guess",
            "api/limits.rs::an_address_where_the_account_signed_in_before_gets_in_while_strangers_guess",
            "api/limits.rs::a_device_is_known_to_its_own_account_only",
            "api/limits.rs::a_device_has_no_more_guesses_than_others",
            "auth/src/devices.rs::a_marker_is_good_for_400_days_and_cannot_be_made_up",
        ],
    ),
    (
        "whose waits grow up to a bound",
        &[
            "api/limits.rs::strangers_wait_longer_each_time_and_never_more_than_five_minutes",
            "auth/src/throttles/backoff.rs::after_a_burst_each_wait_is_twice_the_one_before_up_to_five_minutes",
            "auth/tests/throttles.rs::it_backs_off_as_the_local_one_does",
        ],
    ),
    ("one's own success resets nothing", &["api/limits.rs::ones_own_success_resets_nothing"]),
    ("Refreshing isn't held to the limit of guesses", &["api/limits.rs::offices_behind_one_address_can_refresh"]),
    (
        "`X-Forwarded-For` only from trusted proxies, walked from the right",
        &[
            "api/limits.rs::trusted_proxies_tell_clients_apart",
            "api/src/http/client_address.rs::trusted_hops_are_walked_from_the_right",
            "api/src/http/client_address.rs::a_header_from_nobody_trusted_is_ignored",
        ],
    ),
    (
        "With Redis one limit holds across replicas (the sixth attempt in a burst is refused wherever it lands)",
        &["api/replicas.rs::the_sixth_attempt_of_a_burst_is_refused_wherever_it_lands"],
    ),
    (
        "and a flushed Redis gives back nothing that a replica knew of",
        &["api/replicas.rs::a_flushed_redis_gives_back_no_attempts"],
    ),
    (
        "RSA login: 3072-bit key, OAEP and MGF1 SHA-256",
        &[
            "auth/src/keys/login.rs::the_jwk_and_the_pem_are_one_key_of_3072_bits",
            "api/encrypted_passwords.rs::an_encrypted_password_registers_and_logs_in",
        ],
    ),
    ("shared by all replicas, with `kid`", &["api/encrypted_passwords.rs::replicas_share_one_key_and_make_it_once"]),
    (
        "a decrypt failure looks like a wrong password",
        &["api/encrypted_passwords.rs::a_decrypt_failure_looks_like_a_wrong_password"],
    ),
    ("A challenge for a second factor opens one session", &["api/totp.rs::a_challenge_that_was_answered_is_over"]),
    (
        "Addresses that can't be mailed are refused",
        &["api/verification.rs::an_address_that_no_mail_can_be_sent_to_is_refused"],
    ),
    (
        "What is signed in after a clock was set back is good",
        &["api/revocation.rs::what_is_signed_in_after_the_clock_was_set_back_is_good"],
    ),
    // Files and configuration.
    (
        "Sent to public addresses alone, however these are written, over HTTPS, without credentials; checked when created \
         and at each attempt: the connection goes to an address that was checked, redirects and proxies are not followed",
        &[
            "api/webhooks.rs::addresses_that_are_not_public_are_refused",
            "api/webhooks.rs::addresses_are_checked_at_delivery",
            "api/webhooks.rs::a_redirect_inwards_is_a_failure",
            "domain/src/outgoing/address.rs::addresses_of_other_networks_are_not",
            "domain/src/outgoing/url.rs::urls_that_lead_elsewhere_are_refused",
            "server/src/webhooks/tests.rs::names_that_lead_to_addresses_that_are_not_public_are_not_connected_to",
            "server/src/webhooks/tests.rs::a_name_is_looked_up_once_for_each_attempt",
            "server/src/webhooks/tests.rs::addresses_in_urls_are_checked_before_they_are_connected_to",
            "server/src/webhooks/tests.rs::redirects_are_not_followed",
        ],
    ),
    (
        "Time and bytes are bounded; a slow endpoint holds up nobody",
        &[
            "server/src/webhooks/tests.rs::endpoints_that_hang_drip_or_never_end_are_cut_off",
            "api/webhooks.rs::an_endpoint_that_hangs_holds_nobody_up",
        ],
    ),
    (
        "Secrets are shown once, stored encrypted, and rotated with an overlap",
        &[
            "api/webhooks.rs::a_change_is_told_signed",
            "api/webhooks.rs::secrets_are_rotated_with_an_overlap",
            "auth/src/webhooks.rs::secrets_open_for_their_own_webhook_alone",
        ],
    ),
    (
        "Nothing is told to who may not read it",
        &[
            "api/webhooks.rs::webhooks_are_their_owners_alone",
            "api/webhooks.rs::a_webhook_is_created_by_who_may_read_everything",
        ],
    ),
    (
        "Images: sniffed",
        &[
            "api/avatars.rs::the_content_decides_and_not_the_name_or_the_declared_type",
            "api/avatars.rs::what_is_no_image_is_refused_and_nothing_is_stored",
            "app/src/avatars/processing/tests.rs::nothing_but_jpeg_and_png_is_taken",
        ],
    ),
    (
        "decoded under limits (a small file that claims 60000² stays under +64 MB)",
        &[
            "api/avatars.rs::an_image_that_claims_to_be_huge_costs_next_to_nothing",
            "app/src/avatars/processing/tests.rs::images_that_claim_to_be_huge_cost_next_to_nothing",
            "app/src/avatars/workers.rs::two_are_processed_at_once_and_no_more_wait_than_may",
        ],
    ),
    (
        "re-encoded (no EXIF, no polyglots)",
        &[
            "api/avatars.rs::an_image_is_kept_in_two_sizes_and_nothing_of_its_file_but_pixels",
            "app/src/avatars/processing/tests.rs::nothing_of_what_is_behind_an_image_survives",
        ],
    ),
    ("2 MB + 1: 413", &["api/avatars.rs::the_largest_file_is_taken_and_one_byte_more_is_not"]),
    ("Media paths with `..`, `%2e`, `%00`: 404", &["api/avatars.rs::media_paths_that_are_no_key_are_not_found"]),
    ("Served with `nosniff` and `CSP: sandbox`", &["api/avatars.rs::images_are_served_to_anybody_for_ever"]),
    (
        "Replaced or deleted with the account",
        &[
            "api/avatars.rs::another_image_replaces_the_one_before",
            "api/avatars.rs::an_image_goes_with_its_account_and_others_stay",
            "api/avatars.rs::files_without_a_row_are_removed_after_an_hour",
            "api/avatars.rs::what_can_not_be_removed_is_removed_later",
        ],
    ),
    (
        "The data folder is 0700 and all in it 0600 under any umask",
        &["cli/files.rs::the_data_folder_and_all_in_it_are_for_their_owner_alone_under_any_umask"],
    ),
    (
        "an existing wider folder is said at the start",
        &["cli/files.rs::a_data_folder_that_others_can_read_is_said_at_the_start"],
    ),
    (
        "A broken line of `.env` is told by its number",
        &["cli/configuration.rs::a_broken_line_of_a_dotenv_file_is_told_by_its_number_and_without_what_is_in_it"],
    ),
    (
        "`.env` is read in the working folder or at `CIRCADIA_ENV_FILE` only",
        &[
            "cli/configuration.rs::a_dotenv_file_is_read_in_the_working_folder_or_where_it_is_said_to_be_and_nowhere_else",
        ],
    ),
    (
        "A write whose COMMIT wasn't answered is never called \"nothing was stored\": 503 `outcome_unknown` without \
         `Retry-After`",
        &[
            "api/faults/commits.rs::what_is_called_not_stored_is_not_stored_when_answers_to_commit_are_lost",
            "api/faults/commits.rs::an_increment_is_not_called_undone_when_it_may_count",
            "api/faults/commits.rs::a_commit_that_never_arrived_is_not_called_stored",
            "storage/src/dialect/errors.rs::only_a_commit_that_was_refused_or_never_sent_leaves_nothing_behind",
        ],
    ),
    (
        "What is called not stored isn't stored, however late the database goes on",
        &[
            "api/faults/frozen.rs::what_was_begun_and_given_up_is_not_stored_when_it_thaws",
            "app/src/claim.rs::what_was_given_up_before_its_commit_is_never_committed",
        ],
    ),
    (
        "A connection that the server ends is a 503, never a defect",
        &["api/faults/commits.rs::a_connection_that_the_server_ends_is_never_a_defect"],
    ),
    (
        "Database gone: live 200, ready 503, requests 503 within 1 s; back within 5 s of its return",
        &["api/faults/gone.rs::without_its_database_it_lives_refuses_in_time_and_is_soon_back"],
    ),
    (
        "Another one without the schema: ready 503, requests 503",
        &["api/faults/gone.rs::a_database_without_its_schema_is_not_ready_until_it_is_migrated"],
    ),
    (
        "Database frozen: 503 within 2 s to whoever waits, ready within 1 s",
        &["api/faults/frozen.rs::whoever_waits_is_refused_in_time_and_served_once_it_thaws"],
    ),
    (
        "threads and connections replaced",
        &["app/src/database_threads.rs::a_thread_whose_call_has_no_end_is_left_behind_and_another_takes_its_place"],
    ),
    ("used again once it thaws", &["api/faults/frozen.rs::a_server_that_is_stopped_and_continued_is_used_again"]),
    ("SIGTERM ends within 25 s", &["cli/failing_database.rs::a_stop_ends_while_the_database_is_frozen"]),
    (
        "a start says what it waits for, and gives up",
        &["cli/failing_database.rs::a_start_against_a_frozen_database_says_so_and_gives_up"],
    ),
    (
        "A statement that waits for a lock, or is slow: 503 within 2 s; others are served",
        &[
            "api/faults/blocked.rs::a_write_that_waits_for_a_lock_is_refused_in_time_and_others_are_served",
            "api/faults/blocked.rs::a_slow_statement_is_refused_in_time_and_others_are_served",
            "api/faults/blocked.rs::once_a_lock_is_released_all_is_well",
        ],
    ),
    (
        "A Redis that refuses the password for a while is used again",
        &["api/replicas.rs::a_redis_that_refuses_the_password_for_a_while_is_used_again"],
    ),
    (
        "The server or its database killed (SIGKILL), again and again, under writers: what was acknowledged is there once \
         and whole, what was refused as not stored isn't there. `CIRCADIA_TEST_KILLS` says how often",
        &["cli/kills.rs::what_was_acknowledged_outlives_kills"],
    ),
    (
        "Disk full (SQLite, PostgreSQL): writes 503, reads live, ready says `read_only`, nothing that was refused is stored, \
         heals",
        &[
            "cli/full_disk.rs::with_sqlite_writes_are_refused_reads_go_on_and_it_heals",
            "cli/full_disk.rs::with_postgres_writes_are_refused_reads_go_on_and_it_heals",
        ],
    ),
    ("A server starts on a full disk", &["cli/full_disk.rs::a_server_starts_on_a_full_disk_and_serves_what_is_there"]),
    (
        "Two servers on one SQLite folder lose nothing, and each goes on when the other is killed",
        &["cli/serving.rs::two_servers_on_one_folder_lose_nothing"],
    ),
    (
        "A write that lost to another transaction (deadlock, serialisation failure) runs again as a whole",
        &["storage/src/dialect/errors.rs::a_transaction_that_lost_to_another_is_told_from_one_that_failed"],
    ),
    (
        "A read replica that is behind, frozen or gone shows nobody less than they wrote, and fails no request",
        &[
            "api/faults/read_replica.rs::it_answers_until_one_has_written_something_that_it_lacks",
            "api/faults/read_replica.rs::while_it_is_frozen_the_database_answers",
            "api/faults/read_replica.rs::while_it_is_gone_the_database_answers",
        ],
    ),
    (
        "Clients that never read: closed by a write deadline, little memory, no stop held up",
        &["cli/readers.rs::those_who_never_read_use_little_memory_are_closed_and_hold_up_no_stop"],
    ),
    (
        "Requests that are sent ahead are answered in their order, whatever pieces they come in",
        &[
            "cli/pipelining.rs::requests_that_are_sent_ahead_are_answered_in_their_order",
            "cli/pipelining.rs::requests_come_in_any_pieces",
        ],
    ),
    ("Slow clients: headers 5 s, body 10 s", &["cli/serving.rs::slow_clients_are_given_up_and_hold_nobody_up"]),
    (
        "A body that is announced as too large is refused before it is read",
        &["cli/serving.rs::a_body_that_is_announced_as_too_large_is_refused_before_it_arrives"],
    ),
    (
        "Malformed requests are no errors in the log",
        &["cli/serving.rs::what_strangers_send_malformed_is_no_error_in_the_log"],
    ),
    ("A stop cuts no connection", &["cli/serving.rs::no_connection_is_cut_while_a_server_stops_listening"]),
];

/// The clauses of the document one after the other: the text of its lists.
fn lists() -> String {
    let document = include_str!("../../SECURITY.md");
    let items = document.lines().filter_map(|line| line.strip_prefix("- "));
    items.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_clause_of_the_document_is_held_by_a_test() {
    let mut rest = lists();
    for (clause, tests) in HELD {
        assert!(!tests.is_empty(), "no test is named for: {clause}");
        // From the left, for short ones may be part of what is said later.
        let at = rest.find(clause).unwrap_or_else(|| panic!("the document doesn't say: {clause}"));
        let before = &rest[..at];
        assert!(!before.contains(char::is_alphanumeric), "no test is named for: {before}");
        rest.replace_range(..at + clause.len(), "");
    }
    assert!(!rest.contains(char::is_alphanumeric), "no test is named for: {rest}");
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named: BTreeSet<&str> = HELD.iter().flat_map(|(_, tests)| *tests).copied().collect();
    for test in named {
        let (file, name) = test.split_once("::").unwrap();
        let places = [root.join("tests").join(file), root.join("../crates").join(file)];
        let path = places.iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("there is no file of {test}"));
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let defined = format!("fn {name}(");
        let at = lines.iter().position(|line| line.contains(&defined)).unwrap_or_else(|| panic!("there is no {test}"));
        // Either it says that it is one, or a list makes it one on each database.
        let listed = format!("{name},");
        let is_test = lines[at - 1].contains("test]")
            || lines.iter().any(|line| {
                line.contains(&listed) || line.ends_with(&format!("{name});")) || line.ends_with(&format!("{name};"))
            });
        assert!(is_test, "{test} isn't run as a test");
    }
}
