package io.lispfabric.conformance.command;

import io.lispfabric.cli.AddedCommand;
import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.conformance.bench.Rehearsal;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What {@code lispctl rehearse} has the JVM watch. */
@Command(
        name = "rehearse",
        mixinStandardHelpOptions = true,
        description =
                "Run a server under load on the loopback, and keep what the JVM learns by it, so that"
                        + " `lispctl serve` starts warm: a minute and 70 MB, after each build.")
public final class RehearseCommand extends Subcommand implements AddedCommand {
    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "15",
            description = "how long xTRs move (default: 15)")
    private double seconds = 15;

    @Override
    public Integer call() throws CommandFailure {
        if (seconds <= 0) {
            throw usage("--seconds must be more than 0");
        }
        try {
            Rehearsal.run(seconds);
            return ExitCode.OK;
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }
}
