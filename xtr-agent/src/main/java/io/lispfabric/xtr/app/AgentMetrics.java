package io.lispfabric.xtr.app;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.List;

/** Reads the agent's counters when they are asked for. No EID and no nonce is ever a label. */
final class AgentMetrics extends Collector {
    private final XtrAgent agent;

    private AgentMetrics(XtrAgent agent) {
        this.agent = agent;
    }

    static CollectorRegistry of(XtrAgent agent) {
        var registry = new CollectorRegistry();
        registry.register(new AgentMetrics(agent));
        return registry;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        var counters = agent.counted();
        var families = new ArrayList<MetricFamilySamples>();
        var events =
                new CounterMetricFamily(
                        "lisp_xtr_events", "What the xTR has done.", List.of("event"));
        for (var count : Count.values()) {
            events.addMetric(List.of(count.label()), counters.of(count));
        }
        families.add(events);
        var drops =
                new CounterMetricFamily(
                        "lisp_xtr_dropped",
                        "What the xTR has dropped, by reason.",
                        List.of("reason"));
        for (var drop : Drop.values()) {
            drops.addMetric(List.of(drop.label()), counters.of(drop));
        }
        families.add(drops);
        var malformed =
                new CounterMetricFamily(
                        "lisp_xtr_malformed_messages",
                        "Control messages that are none, by flaw.",
                        List.of("flaw"));
        for (var flaw : Flaw.values()) {
            malformed.addMetric(List.of(flaw.label()), counters.of(flaw));
        }
        families.add(malformed);
        families.add(
                new CounterMetricFamily(
                        "lisp_xtr_unsent_datagrams",
                        "Datagrams that the kernel refused to send.",
                        agent.unsent()));
        var cache = agent.mapCache();
        families.add(
                new GaugeMetricFamily(
                        "lisp_xtr_map_cache_entries", "Mappings in cache.", cache.size()));
        var database = agent.database();
        families.add(
                new GaugeMetricFamily(
                        "lisp_xtr_database_entries",
                        "EIDs of the local database.",
                        database.size()));
        families.add(
                new GaugeMetricFamily(
                        "lisp_xtr_registered_entries",
                        "EIDs of the local database that are confirmed.",
                        database.stream().filter(LocalMapping::confirmed).count()));
        return families;
    }
}
