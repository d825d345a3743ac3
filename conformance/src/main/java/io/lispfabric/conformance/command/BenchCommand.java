package io.lispfabric.conformance.command;

import io.lispfabric.cli.AddedCommand;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.conformance.bench.Benchmarks;
import io.lispfabric.conformance.bench.Benchmarks.Effort;
import io.lispfabric.conformance.bench.Benchmarks.Measured;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How fast things are, measured on the machine it runs on. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Measure how fast the codec is and what it allocates.",
        subcommands = BenchCommand.Codec.class)
public final class BenchCommand implements AddedCommand {
    /** The codec: messages, authentication, headers of the data plane. */
    @Command(
            name = "codec",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description =
                    "Messages, their authentication, and data-plane headers: one thread, each in a"
                            + " process of its own, about ten seconds for each and fork.")
    static final class Codec extends Subcommand {
        @Parameters(
                arity = "0..1",
                paramLabel = "REGEX",
                defaultValue = "",
                description = "only benchmarks with this in their names, such as decode or shift")
        private String pattern = "";

        @Option(
                names = "--forks",
                paramLabel = "N",
                defaultValue = "2",
                description = "processes for each benchmark (default: 2)")
        private int forks = 2;

        @Option(
                names = "--seconds",
                paramLabel = "S",
                defaultValue = "1",
                description = "of each of ten iterations, five of which are measured (default: 1)")
        private double seconds = 1;

        @Override
        public Integer call() {
            if (forks < 1 || seconds <= 0) {
                throw usage("--forks and --seconds must be more than 0");
            }
            if (!globals().json()) {
                line("benchmark", "M/s", "+/-", "CPU ns", "B/op");
            }
            var measured = Benchmarks.run(pattern, new Effort(forks, seconds), this::show);
            if (measured.isEmpty()) {
                throw usage("no benchmark has '" + pattern + "' in its name");
            }
            if (globals().json()) {
                print(
                        Json.object()
                                .put(
                                        "benchmarks",
                                        measured.stream()
                                                .map(Codec::json)
                                                .collect(Json.toArray())));
            }
            return ExitCode.OK;
        }

        private void show(Measured row) {
            if (!globals().json()) {
                line(
                        row.name(),
                        text("%.2f", row.perSecond() / 1e6),
                        text("%.0f %%", 100 * row.error()),
                        text("%.1f", row.cpuNanos()),
                        text("%.0f", row.bytes()));
            }
        }

        private void line(String name, String rate, String error, String cpu, String bytes) {
            out().println(text("%-46s %9s %7s %9s %7s", name, rate, error, cpu, bytes));
            out().flush();
        }

        private static String text(String format, Object... values) {
            return String.format(Locale.ROOT, format, values);
        }

        private static Json json(Measured row) {
            return Json.object()
                    .put("name", row.name())
                    .put("perSecond", row.perSecond())
                    .put("error", row.error())
                    .put("cpuNanos", row.cpuNanos())
                    .put("bytes", row.bytes());
        }
    }
}
