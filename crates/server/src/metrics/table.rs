//! Every metric: its name, type, labels and help. The page of `/metrics` is written from this table, and the table in
//! docs/TELEMETRY.md, the dashboard and the alert rules are checked against it.

use prometheus_client::metrics::MetricType;

/// A metric with `N` labels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric<const N: usize> {
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    pub(super) labels: [&'static str; N],
    pub(super) help: &'static str,
}

/// A metric as the table has it.
#[derive(Debug, Clone, Copy)]
pub struct MetricDescription {
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Of a histogram without `le`.
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal { $($label:literal),* } $help:literal)+) => {
        $(
            pub(super) const $constant: Metric<{ <[&str]>::len(&[$($label),*]) }> =
                Metric { name: $name, kind: MetricType::$kind, labels: [$($label),*], help: $help };
        )+

        /// Every metric, in the order of the page.
        pub const METRICS: &[MetricDescription] = &[
            $(MetricDescription {
                name: $name,
                kind: kind_name(MetricType::$kind),
                labels: &[$($label),*],
                help: $help,
            }),+
        ];
    };
}

const fn kind_name(kind: MetricType) -> &'static str {
    match kind {
        MetricType::Counter => "counter",
        MetricType::Histogram => "histogram",
        MetricType::Gauge | MetricType::Info | MetricType::Unknown => "gauge",
    }
}

metrics! {
    BUILD_INFO: Gauge "circadia_build_info" { "version" }
        "Always 1; the label is the version that is running."
    START_TIME: Gauge "process_start_time_seconds" {}
        "When the process started, in seconds since 1970."
    HTTP_REQUESTS: Counter "circadia_http_requests_total" { "method", "route", "status" }
        "Requests that were answered, by method, route template (`none`: no such operation) and class of the status (`2xx`)."
    HTTP_DURATION: Histogram "circadia_http_request_duration_seconds" { "method", "route" }
        "Seconds from a request's head to its answer's, by method and route template."
    HTTP_IN_FLIGHT: Gauge "circadia_http_requests_in_flight" {}
        "Requests that are being answered."
    RATE_LIMIT_REFUSALS: Counter "circadia_rate_limit_refusals_total" { "limit" }
        "Requests that a limit refused (429), by its name."
    SIGN_INS: Counter "circadia_sign_ins_total" { "method", "outcome" }
        "Attempts to sign in, by method and outcome."
    DATABASE_UP: Gauge "circadia_database_up" {}
        "1 while the database can be reached, else 0."
    DATABASE_UNITS: Counter "circadia_database_units_total" { "kind", "outcome" }
        "Units of work, by kind and outcome."
    DATABASE_DURATION: Histogram "circadia_database_unit_duration_seconds" { "kind" }
        "Seconds that units of work took, with the wait for a connection, by kind."
    DATABASE_WAIT: Histogram "circadia_database_wait_seconds" {}
        "Seconds that units of work waited for a connection, of those that were queued for one."
    DATABASE_STATEMENTS: Counter "circadia_database_statements_total" {}
        "Statements, without those that begin and end transactions."
    DATABASE_ROUND_TRIPS: Counter "circadia_database_round_trips_total" {}
        "Everything that was sent to the database and answered."
    DATABASE_CONNECTIONS: Gauge "circadia_database_connections" { "state" }
        "Open connections, `in_use` and `idle`."
    DATABASE_CONNECTIONS_MAX: Gauge "circadia_database_connections_max" {}
        "Connections at most (`CIRCADIA_DB_CONNECTIONS`)."
    DATABASE_LEFT_BEHIND: Gauge "circadia_database_threads_left_behind" {}
        "Threads that were given up because the database doesn't answer them."
    JOBS: Gauge "circadia_jobs" { "kind", "state" }
        "Jobs in the database, of all replicas: `waiting`, `running`, and `dead` (given up)."
    JOBS_OVERDUE: Gauge "circadia_jobs_overdue_seconds" { "kind" }
        "For how long the oldest waiting job has been due; 0 if none is."
    JOB_ATTEMPTS: Counter "circadia_job_attempts_total" { "kind", "outcome" }
        "Attempts at jobs by this process, by kind and outcome."
    MAILS: Counter "circadia_mails_total" { "outcome" }
        "Mails that this process sent, or tried to."
    WEBHOOKS: Counter "circadia_webhook_attempts_total" { "outcome" }
        "Attempts of this process to deliver a webhook's message."
    REMINDERS: Counter "circadia_reminders_total" { "outcome" }
        "Reminders whose time had come, by what this process did with them."
    EVENT_STREAMS: Gauge "circadia_event_streams" {}
        "Clients that listen to `GET /events` of this process."
    KEYED_REQUESTS: Counter "circadia_idempotency_keys_total" { "outcome" }
        "Requests with an `Idempotency-Key`, by what became of them."
    REVOCATION_FEED_AGE: Gauge "circadia_revocation_feed_age_seconds" {}
        "Seconds since the feed of revoked sessions was read. Over 1, sessions are looked up at each request."
    HASH_WAITING: Gauge "circadia_password_hash_waiting" {}
        "Passwords that wait to be hashed."
    HASH_WAIT: Histogram "circadia_password_hash_wait_seconds" {}
        "Seconds that passwords waited to be hashed."
    HASH_REFUSALS: Counter "circadia_password_hash_refusals_total" {}
        "Passwords that weren't hashed because too many waited (503)."
}
