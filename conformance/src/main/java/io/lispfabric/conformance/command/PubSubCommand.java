package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.conformance.bench.PubSubBench;
import io.lispfabric.conformance.bench.PubSubBench.Published;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From one change to the last subscriber. */
@Command(
        name = "pubsub",
        mixinStandardHelpOptions = true,
        description = {
            "Let many xTRs subscribe to one EID or several, change their mappings, and show when each"
                    + " of them has learnt it, beside what sending as many datagrams takes.",
            AskingCommand.NEEDS + "."
        })
final class PubSubCommand extends AskingCommand {
    @Option(
            names = "--subscribers",
            paramLabel = "N",
            defaultValue = "1024",
            description = "xTRs that subscribe (default: 1024)")
    private int subscribers = 1024;

    @Option(
            names = "--mappings",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "mappings that change at once; to several, everybody subscribes by an EID-Prefix"
                            + " around them (default: 1)")
    private int mappings = 1;

    @Option(
            names = "--boot",
            description =
                    "a PoD that starts instead: each of the --subscribers registers one EID and"
                            + " subscribes to all, by an EID-Prefix around them; one round, from the"
                            + " first Map-Register on")
    private boolean boot;

    @Mixin private final BenchSite site = new BenchSite();

    @Override
    int measure() throws IOException, CommandFailure {
        if (subscribers < 1 || subscribers > 1 << 20) {
            throw usage("--subscribers must be 1 to " + (1 << 20));
        }
        if (boot && (mappings != 1 || subscribers > 1 << 12)) {
            throw usage("--boot goes with up to 4096 --subscribers, and has as many mappings");
        }
        if (mappings < 1 || (long) mappings * subscribers > 1 << 24) {
            throw usage(
                    "--mappings must be 1 or more, and times --subscribers at most " + (1 << 24));
        }
        var targets = targets();
        var secret = site.secret();
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-12s %8s %8s %11s %9s %9s %9s %9s %8s %9s %9s",
                                    "server",
                                    "to tell",
                                    "told",
                                    "register ms",
                                    "p50 ms",
                                    "p99 ms",
                                    "last ms",
                                    "acked ms",
                                    "repeated",
                                    "send ms",
                                    "server us"));
        }
        var all = new ArrayList<Json>();
        Map<String, List<Double>> lasts = new LinkedHashMap<>();
        Map<String, List<Double>> ratios = new LinkedHashMap<>();
        for (var target : targets) {
            if (boot) {
                var it =
                        PubSubBench.boot(
                                target, registering(target, secret), site.id(), subscribers);
                all.add(show(it));
                continue;
            }
            try (var bench =
                    PubSubBench.open(
                            target,
                            registering(target, secret),
                            site.id(),
                            subscribers,
                            mappings)) {
                for (int round = 0; round < rounds(); round++) {
                    var it = bench.change();
                    all.add(show(it));
                    lasts.computeIfAbsent(target.name(), _ -> new ArrayList<>())
                            .add(it.last() / 1e6);
                    ratios.computeIfAbsent(target.name(), _ -> new ArrayList<>())
                            .add((double) it.last() / it.sendNanos());
                }
            }
        }
        var names = List.copyOf(lasts.keySet());
        var summary = List.of(medians("last ms", lasts, names), medians("of send", ratios, names));
        if (globals().json()) {
            print(
                    Json.object()
                            .put("pubsub", all.stream().collect(Json.toArray()))
                            .put("medians", summary.stream().collect(Json.toArray())));
        }
        return ExitCode.OK;
    }

    private Json show(Published it) {
        var times = it.times();
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-12s %8d %8d %11.1f %9.1f %9.1f %9.1f %9.1f %8d %9.2f %9.1f",
                                    it.target().name(),
                                    it.subscribers() * it.eids(),
                                    it.told(),
                                    it.registered() / 1e6,
                                    times.getValueAtPercentile(50) / 1e6,
                                    times.getValueAtPercentile(99) / 1e6,
                                    it.last() / 1e6,
                                    it.acknowledged() / 1e6,
                                    it.repeated(),
                                    it.sendNanos() / 1e6,
                                    it.serverMicros()));
            out().flush();
        }
        return Json.object()
                .put("server", it.target().name())
                .put("subscribers", it.subscribers())
                .put("eids", it.eids())
                .put("told", it.told())
                .put("registerMillis", it.registered() / 1e6)
                .put("p50Millis", times.getValueAtPercentile(50) / 1e6)
                .put("p99Millis", times.getValueAtPercentile(99) / 1e6)
                .put("lastMillis", it.last() / 1e6)
                .put("acknowledgedMillis", it.acknowledged() / 1e6)
                .put("repeated", it.repeated())
                .put("sendMillis", it.sendNanos() / 1e6)
                .put("serverMicros", it.serverMicros());
    }
}
