//! Writes metrics in Prometheus's text format.

use std::fmt;
use std::time::Duration;

use circadia_domain::measures::{BOUNDS_MICROS, DurationCounts};
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};

use super::table::Metric;

/// The samples of one metric.
pub(super) struct Samples<'a, const N: usize> {
    encoder: MetricEncoder<'a>,
    labels: [&'static str; N],
}

/// Writes a metric with its samples, each of which has a value for each label.
pub(super) fn write<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    metric: &Metric<N>,
    samples: impl FnOnce(&mut Samples<'_, N>) -> fmt::Result,
) -> fmt::Result {
    // The encoder appends it to counters.
    let name = metric.name.strip_suffix("_total").unwrap_or(metric.name);
    let encoder = encoder.encode_descriptor(name, metric.help, None, metric.kind)?;
    samples(&mut Samples { encoder, labels: metric.labels })
}

impl<const N: usize> Samples<'_, N> {
    fn labelled(
        &mut self,
        values: [&str; N],
        write: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let mut values = values.into_iter();
        let labels = self.labels.map(|label| (label, values.next().unwrap_or_default()));
        write(&mut self.encoder.encode_family(&labels)?)
    }

    pub(super) fn count(&mut self, labels: [&str; N], count: u64) -> fmt::Result {
        self.labelled(labels, |encoder| encoder.encode_counter::<NoLabelSet, _, u64>(&count, None))
    }

    pub(super) fn level(&mut self, labels: [&str; N], level: u64) -> fmt::Result {
        self.labelled(labels, |encoder| encoder.encode_gauge(&level))
    }

    pub(super) fn seconds(&mut self, labels: [&str; N], duration: Duration) -> fmt::Result {
        self.labelled(labels, |encoder| encoder.encode_gauge(&duration.as_secs_f64()))
    }

    pub(super) fn durations(&mut self, labels: [&str; N], counts: DurationCounts) -> fmt::Result {
        let bounds = BOUNDS_MICROS.map(|micros| Duration::from_micros(micros).as_secs_f64());
        let bounds = bounds.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(counts.classes).collect();
        self.labelled(labels, |encoder| {
            encoder.encode_histogram::<NoLabelSet>(counts.total.as_secs_f64(), counts.count(), &buckets, None)
        })
    }
}
