package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.SecretFile;
import io.lispfabric.conformance.bench.ResolveBench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Map-Register to Map-Notify. */
@Command(
        name = "register",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Register EIDs one by one at fixed rates, each in an authenticated Map-Register, and show"
                    + " how many Map-Notifies come back, how soon, and what it costs.",
            AskingCommand.EIDS,
            AskingCommand.COLUMNS
        })
final class RegisterBenchCommand extends AskingCommand {
    @Option(
            names = "--rates",
            paramLabel = "N",
            split = ",",
            defaultValue = "1000,5000",
            description = "Map-Registers in a second (default: 1000,5000)")
    private List<Integer> rates = List.of();

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            required = true,
            description = "secret of key 1")
    private Path keyFile = Path.of("");

    @Override
    int measure() throws IOException, CommandFailure {
        var targets = targets();
        var secret = SecretFile.read(keyFile);
        head("server");
        for (var target : targets) {
            var _ =
                    answers(
                            ResolveBench.register(
                                    target, registering(target, secret), 1000, seconds()));
        }
        for (int round = 0; round < rounds(); round++) {
            for (int rate : rates) {
                for (var target : answering(targets)) {
                    showCounted(
                            ResolveBench.register(
                                    target, registering(target, secret), rate, seconds()));
                }
            }
        }
        var summary = new ArrayList<Json>();
        for (int rate : rates) {
            summary.add(
                    medians(
                            "CPU us",
                            costs(),
                            targets.stream().map(it -> it.name() + " " + rate).toList()));
        }
        if (globals().json()) {
            print(
                    Json.object()
                            .put("register", all().stream().collect(Json.toArray()))
                            .put("medians", summary.stream().collect(Json.toArray())));
        }
        return ExitCode.OK;
    }
}
