package io.lispfabric.server.app;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.SharedExtension;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.Arrays;
import java.util.function.DoubleSupplier;

/** What is counted. An EID or a nonce is never a label. */
final class ServerMetrics {
    private final CollectorRegistry registry = new CollectorRegistry();
    private final Counter received =
            counter("lisp_messages_received_total", "Control messages that could be read", "type");
    private final Counter sent =
            counter("lisp_messages_sent_total", "Control messages sent", "type");
    private final Counter malformed =
            counter("lisp_malformed_total", "Datagrams that are no LISP message", "flaw");
    private final Counter dropped =
            counter("lisp_dropped_total", "Messages that were not acted on", "reason");
    private final Counter retransmitted =
            Counter.build("lisp_map_notify_retransmissions_total", "Map-Notifies sent again")
                    .register(registry);
    private final Counter refreshes =
            Counter.build("lisp_refreshes_total", "Map-Registers that had nothing new to say")
                    .register(registry);
    private final Counter marks =
            Counter.build("lisp_refresh_marks_total", "What went to the log in their place")
                    .register(registry);
    private final Counter unfit =
            Counter.build(
                            "lisp_refresh_marks_unfit_total",
                            "Marks that came too late, so that the whole Map-Registers followed")
                    .register(registry);
    private final Counter tooLong =
            Counter.build(
                            "lisp_messages_too_long_total",
                            "Messages sent that are longer than what every path carries")
                    .register(registry);
    private final Histogram commit =
            Histogram.build("lisp_commit_seconds", "From the arrival of a message to its commit")
                    .buckets(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
                    .register(registry);

    // Looking a label up costs an allocation, and a flood of bad messages should not.
    private final Counter.Child[] receivedBy = byType(received);
    private final Counter.Child[] sentBy = byType(sent);
    private final Counter.Child[] malformedBy =
            Arrays.stream(Flaw.values())
                    .map(flaw -> malformed.labels(flaw.label()))
                    .toArray(Counter.Child[]::new);
    private final Counter.Child[] droppedBy =
            Arrays.stream(Drop.values())
                    .map(reason -> dropped.labels(reason.label()))
                    .toArray(Counter.Child[]::new);

    CollectorRegistry registry() {
        return registry;
    }

    private Counter counter(String name, String help, String label) {
        return Counter.build(name, help).labelNames(label).register(registry);
    }

    /** A value that is asked for when somebody looks. */
    void gauge(String name, String help, DoubleSupplier value) {
        Gauge.build(name, help)
                .create()
                .setChild(
                        new Gauge.Child() {
                            @Override
                            public double get() {
                                return value.getAsDouble();
                            }
                        })
                .register(registry);
    }

    void received(LispMessage message) {
        receivedBy[message.type()].inc();
    }

    void sent(LispMessage message) {
        sent(message.type());
    }

    void sent(int type) {
        sentBy[type].inc();
    }

    private static Counter.Child[] byType(Counter counter) {
        var labels = new String[16];
        Arrays.fill(labels, "other");
        labels[MapRequest.TYPE] = "map_request";
        labels[MapReply.TYPE] = "map_reply";
        labels[MapRegister.TYPE] = "map_register";
        labels[MapNotify.TYPE] = "map_notify";
        labels[MapNotifyAck.TYPE] = "map_notify_ack";
        labels[MapReferral.TYPE] = "referral";
        labels[InfoRequest.TYPE] = "info";
        labels[EncapsulatedControlMessage.TYPE] = "ecm";
        labels[SharedExtension.TYPE] = "shared_extension";
        return Arrays.stream(labels).map(counter::labels).toArray(Counter.Child[]::new);
    }

    void malformed(Flaw flaw) {
        malformedBy[flaw.ordinal()].inc();
    }

    void dropped(Drop reason) {
        droppedBy[reason.ordinal()].inc();
    }

    /** Map-Registers changed nothing, and one mark of them all goes to the log. */
    void marked(int mapRegisters) {
        refreshes.inc(mapRegisters);
        marks.inc();
    }

    /** Such a mark was not taken, so that the whole Map-Registers followed. */
    void unfit() {
        unfit.inc();
    }

    void retransmitted() {
        retransmitted.inc();
    }

    void tooLong() {
        tooLong.inc();
    }

    /** How many messages were sent that are longer than what every path carries. */
    double sentTooLong() {
        return tooLong.get();
    }

    void committed(double seconds) {
        commit.observe(seconds);
    }

    /** How many messages were dropped for one reason. */
    double drops(Drop reason) {
        return droppedBy[reason.ordinal()].get();
    }
}
