package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.SecretFile;
import io.lispfabric.conformance.bench.ResolveBench;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Map-Request to Map-Reply, of this server and of others. */
@Command(
        name = "resolve",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Ask servers at fixed rates, one after another and again, and show what they answer, how"
                    + " soon, and what it costs them. conformance/bench/resolve.sh starts the"
                    + " servers.",
            AskingCommand.EIDS,
            AskingCommand.COLUMNS
        })
final class ResolveCommand extends AskingCommand {
    @Option(
            names = "--rates",
            paramLabel = "N",
            split = ",",
            defaultValue = "20000,50000",
            description = "questions in a second (default: 20000,50000)")
    private List<Integer> rates = List.of();

    @Option(
            names = "--most",
            description = "look for the highest rate at which nothing is lost, too")
    private boolean most;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "5",
            description = "seconds for each server before anything counts (default: 5)")
    private double warmUp = 5;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "secret of key 1: the EIDs are registered first, at every LISP server")
    private Optional<Path> keyFile = Optional.empty();

    @Option(
            names = "--flood",
            paramLabel = "N",
            split = ",",
            description = "ask again while a stranger asks for unknown EIDs, so many in a second")
    private List<Integer> floods = List.of();

    @Option(
            names = "--flood-from",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.2",
            description = "where the stranger is (default: 127.0.0.2)")
    private String stranger = "127.0.0.2";

    @Override
    int measure() throws IOException, CommandFailure {
        var targets = targets();
        fill(targets);
        head("server");
        for (var target : targets) {
            if (warmUp > 0) {
                var _ = answers(ResolveBench.ask(target, 20_000, warmUp));
            }
        }
        var found = new LinkedHashMap<String, List<Double>>();
        for (int round = 0; round < rounds(); round++) {
            if (round > 0) {
                // Who forgets them after minutes is told again.
                fill(answering(targets));
            }
            for (int rate : rates) {
                for (var target : answering(targets)) {
                    showCounted(ResolveBench.ask(target, rate, seconds()));
                }
            }
            for (var target : most ? answering(targets) : List.<Target>of()) {
                var it = ResolveBench.most(target, Math.min(1, seconds()));
                found.computeIfAbsent(target.name(), _ -> new ArrayList<>())
                        .add((double) it.rate());
                if (!globals().json()) {
                    out().println(
                                    BenchCommand.text(
                                            "%-16s %8d in a second without loss%s",
                                            target.name(),
                                            it.rate(),
                                            it.limitedByAsker()
                                                    ? ", and no more could be asked"
                                                    : ""));
                    out().flush();
                }
            }
            for (int flood : floods) {
                for (var target : answering(targets)) {
                    for (int rate : rates) {
                        inFlood(target, rate, flood);
                    }
                }
            }
        }
        var names = targets.stream().map(Target::name).toList();
        var summary = new ArrayList<Json>();
        for (int rate : rates) {
            summary.add(
                    medians(
                            "CPU us",
                            costs(),
                            names.stream().map(name -> name + " " + rate).toList()));
        }
        summary.add(medians("most/s", found, names));
        if (globals().json()) {
            print(
                    Json.object()
                            .put("resolve", all().stream().collect(Json.toArray()))
                            .put("medians", summary.stream().collect(Json.toArray())));
        }
        return ExitCode.OK;
    }

    private void fill(List<Target> targets) throws IOException, CommandFailure {
        if (keyFile.isEmpty()) {
            return;
        }
        var secret = SecretFile.read(keyFile.get());
        for (var target : targets) {
            if (target.kind() == ResolveBench.Kind.LISP) {
                ResolveBench.fill(target, registering(target, secret));
            }
        }
    }

    private void inFlood(Target target, int rate, int flood) throws IOException {
        var it = ResolveBench.askInFlood(target, rate, seconds(), address(stranger + ":0"), flood);
        show(it.before());
        show(it.during())
                .put("floodWanted", it.wanted())
                .put("floodAsked", it.asked())
                .put("served", it.served());
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-16s the last line in a flood of %.0f/s (%d wanted):"
                                            + " %.1f %% served",
                                    target.name(), it.asked(), flood, 100 * it.served()));
            out().flush();
        }
    }
}
