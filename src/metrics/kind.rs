//! The kinds of metrics that there are: what each needs to be made.

use prometheus::{
    Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, core::Collector,
};

/// A kind of metric, made from its name and help.
pub(super) trait Metric: Collector + Clone + Sized + 'static {
    /// As Prometheus' text format names it.
    const KIND: &'static str;

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error>;
}

impl Metric for IntCounter {
    const KIND: &'static str = "counter";

    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for IntGauge {
    const KIND: &'static str = "gauge";

    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for Gauge {
    const KIND: &'static str = "gauge";

    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for IntCounterVec {
    const KIND: &'static str = "counter";

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Metric for IntGaugeVec {
    const KIND: &'static str = "gauge";

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Metric for HistogramVec {
    const KIND: &'static str = "histogram";

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        // A small push is treated in microseconds; Alloy waits for 10 s.
        let buckets = vec![0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0];
        Self::new(HistogramOpts::new(name, help).buckets(buckets), labels)
    }
}
