//! How the providers of this process do, told at each scrape by those who count it: the strategies.

use crate::engine::Orion;
use orion_core::strategy::{CircuitState, Latency, Tally};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Shows how the providers of an engine do. As many series as there are providers, which a strategy bounds.
#[derive(Debug)]
pub(in crate::http) struct Providers(pub(in crate::http) Orion);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    capability: &'static str,
    provider: String,
    model: String,
}

type Seen = (Labels, Tally, CircuitState);

impl Collector for Providers {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let capabilities = self.0.capabilities();
        let seen: Vec<Seen> = capabilities
            .into_iter()
            .flat_map(|capability| {
                capability.providers.into_iter().map(move |standing| {
                    let (provider, model) = (standing.provider.name, standing.provider.model);
                    (Labels { capability: capability.name, provider, model }, standing.tally, standing.circuit)
                })
            })
            .collect();
        let mut counter = |name, help, value: fn(&Tally) -> u64| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            seen.iter().try_for_each(|(labels, tally, _)| {
                ConstCounter::new(value(tally)).encode(metric.encode_family(labels)?)
            })
        };
        counter("orion_provider_requests", "How often a provider was asked, retries included", |tally| tally.requests)?;
        counter("orion_provider_errors", "How often a provider failed", |tally| tally.errors)?;
        counter("orion_provider_fallback", "How often another was asked in a provider's place", |tally| {
            tally.fallbacks
        })?;
        let mut gauge = |name, help, value: fn(&Seen) -> f64| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            seen.iter().try_for_each(|seen| ConstGauge::new(value(seen)).encode(metric.encode_family(&seen.0)?))
        };
        gauge(
            "orion_provider_cost_usd",
            "Dollars that a provider was paid since this process began",
            |(_, tally, _)| tally.paid.dollars(),
        )?;
        gauge(
            "orion_provider_circuit_open",
            "1 while a provider is left alone because it kept failing",
            |(.., circuit)| f64::from(u8::from(!matches!(circuit, CircuitState::Closed { .. }))),
        )?;
        let (name, help) = ("orion_provider_latency_seconds", "How long a provider took to answer or to fail");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        seen.iter().try_for_each(|(labels, tally, _)| {
            let Latency { counts, sum } = tally.latency;
            let bounds = Latency::BOUNDS.into_iter().chain([f64::MAX]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
            let count = counts.iter().sum();
            metric.encode_family(labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        })
    }
}
