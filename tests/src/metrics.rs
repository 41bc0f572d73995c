//! Reads a page of metrics.

use std::collections::BTreeMap;

/// A page of metrics.
#[derive(Debug)]
pub struct Metrics {
    /// The type of each metric, by name.
    pub kinds: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

/// A line of it.
#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Metrics {
    /// Reads the text format. Values of labels must have no quotes.
    pub fn read(page: &str) -> Self {
        let (mut kinds, mut samples) = (BTreeMap::new(), Vec::new());
        for line in page.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a type");
                kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                samples.push(Sample::read(line));
            }
        }
        Self { kinds, samples }
    }

    /// The sum of the samples with these labels.
    ///
    /// # Panics
    /// If there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no {name} with {labels:?}: {:#?}", self.samples))
    }

    /// The same, if there is one.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|own| own == value))
        };
        let found: Vec<f64> = self.samples.iter().filter(has).map(|sample| sample.value).collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }
}

impl Sample {
    fn read(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').expect("a closed list of labels").split("\",");
        let labels = labels.filter(|label| !label.is_empty()).map(|label| {
            let (name, value) = label.split_once("=\"").expect("a label");
            (name.to_owned(), value.trim_end_matches('"').to_owned())
        });
        Self { name: name.to_owned(), labels: labels.collect(), value: value.parse().expect("a number") }
    }
}
