package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.conformance.bench.ConvergeBench;
import io.lispfabric.conformance.bench.ConvergeBench.Converged;
import java.io.IOException;
import java.util.ArrayList;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Moves without end, and whether caches keep up. */
@Command(
        name = "converge",
        mixinStandardHelpOptions = true,
        description = {
            "Move EIDs all the time, and show how late xTRs that subscribe to all of them know it, and"
                    + " how many entries of their caches are stale a second after the last move.",
            AskingCommand.NEEDS + "."
        })
final class ConvergeCommand extends AskingCommand {
    @Option(
            names = "--subscribers",
            paramLabel = "N",
            defaultValue = "8",
            description = "xTRs that subscribe to all EIDs (default: 8)")
    private int subscribers = 8;

    @Option(
            names = "--moves",
            paramLabel = "N",
            defaultValue = "1000",
            description = "in a second (default: 1000)")
    private int moves = 1000;

    @Mixin private final BenchSite site = new BenchSite();

    @Override
    int measure() throws IOException, CommandFailure {
        var targets = targets();
        if (moves < 1 || moves * seconds() > ConvergeBench.MOST_MOVES) {
            throw usage(
                    "--moves must be 1 or more, and times --seconds at most "
                            + ConvergeBench.MOST_MOVES);
        }
        for (var target : targets) {
            if (subscribers < 1 || (long) subscribers * target.eids() > 1 << 24) {
                throw usage(
                        "--subscribers must be 1 or more, and times --eids at most " + (1 << 24));
            }
        }
        var secret = site.secret();
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-12s %9s %9s %9s %9s %9s %9s %9s %9s %9s",
                                    "server",
                                    "moves",
                                    "confirmed",
                                    "learnt",
                                    "p50 ms",
                                    "p99 ms",
                                    "last ms",
                                    "stale, 1s",
                                    "stale",
                                    "server us"));
        }
        var all = new ArrayList<Json>();
        for (var target : targets) {
            try (var bench =
                    ConvergeBench.open(
                            target, registering(target, secret), site.id(), subscribers)) {
                for (int round = 0; round < rounds(); round++) {
                    all.add(show(bench.run(moves, seconds())));
                }
            }
        }
        if (globals().json()) {
            print(Json.object().put("converge", all.stream().collect(Json.toArray())));
        }
        return ExitCode.OK;
    }

    private Json show(Converged it) {
        var times = it.times();
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-12s %9d %9d %9d %9.1f %9.1f %9.1f %9d %9d %9.1f%s",
                                    it.target().name(),
                                    it.moves(),
                                    it.confirmed(),
                                    times.getTotalCount(),
                                    times.getValueAtPercentile(50) / 1e6,
                                    times.getValueAtPercentile(99) / 1e6,
                                    times.getMaxValue() / 1e6,
                                    it.soon(),
                                    it.stale(),
                                    it.serverMicros(),
                                    it.late() ? "  moved late" : ""));
            out().flush();
        }
        return Json.object()
                .put("server", it.target().name())
                .put("eids", it.target().eids())
                .put("subscribers", it.subscribers())
                .put("moves", it.moves())
                .put("late", it.late())
                .put("confirmed", it.confirmed())
                .put("learnt", times.getTotalCount())
                .put("p50Millis", times.getValueAtPercentile(50) / 1e6)
                .put("p99Millis", times.getValueAtPercentile(99) / 1e6)
                .put("lastMillis", times.getMaxValue() / 1e6)
                .put("staleAfterASecond", it.soon())
                .put("stale", it.stale())
                .put("serverMicros", it.serverMicros());
    }
}
