package io.lispfabric.conformance.command;

import io.lispfabric.cli.AddedCommand;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.conformance.bench.Benchmarks;
import io.lispfabric.conformance.bench.Benchmarks.Effort;
import io.lispfabric.conformance.bench.Benchmarks.Measured;
import io.lispfabric.conformance.bench.TableBench;
import java.util.ArrayList;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How fast things are, measured on the machine it runs on. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Measure how fast things are and what they take.",
        subcommands = {
            BenchCommand.Codec.class,
            BenchCommand.Table.class,
            ResolveCommand.class,
            RegisterBenchCommand.class,
            ConvergeCommand.class,
            PubSubCommand.class,
            RaftCommand.class,
            RehearseCommand.class,
            SubscriptionsCommand.class
        })
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
            try {
                Pattern.compile(pattern);
            } catch (PatternSyntaxException e) {
                throw usage("not a regular expression: " + e.getDescription());
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

        private static Json json(Measured row) {
            return Json.object()
                    .put("name", row.name())
                    .put("perSecond", row.perSecond())
                    .put("error", row.error())
                    .put("cpuNanos", row.cpuNanos())
                    .put("bytes", row.bytes());
        }
    }

    /** The table of the mapping system. */
    @Command(
            name = "table",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description =
                    "A table of many EIDs: octets of heap for each registration, and what a look-up"
                            + " costs one thread while another applies updates.")
    static final class Table extends Subcommand {
        @Option(
                names = "--eids",
                paramLabel = "N",
                defaultValue = "1000000",
                description = "how many (default: 1000000)")
        private int eids = 1_000_000;

        @Option(
                names = "--updates",
                paramLabel = "N",
                defaultValue = "100000",
                description = "to apply in a second meanwhile (default: 100000)")
        private int updates = 100_000;

        @Option(
                names = "--seconds",
                paramLabel = "S",
                defaultValue = "5",
                description = "of each measurement (default: 5)")
        private double seconds = 5;

        @Override
        public Integer call() {
            if (eids < 1000 || updates < 1 || seconds <= 0) {
                throw usage("--eids must be 1000 or more, --updates and --seconds more than 0");
            }
            var bench = new TableBench(eids);
            var size = bench.size();
            var found = Json.object();
            found.put("eids", eids);
            found.put("stateBytes", size.state());
            found.put("indexBytes", size.index());
            if (!globals().json()) {
                out().println(text("%,d EIDs, each registered with two RLOCs", eids));
                out().println(
                                text(
                                        "octets of heap for each: %.1f in the state, %.1f in the"
                                                + " index",
                                        size.state(), size.index()));
                out().println(
                                text(
                                        "%-26s %9s %9s %7s %10s %12s",
                                        "look-up",
                                        "CPU ns",
                                        "clock ns",
                                        "B/op",
                                        "updates/s",
                                        "CPU ns each"));
            }
            var readings = new ArrayList<Json>();
            for (var way : TableBench.Way.values()) {
                for (int registered : new int[] {100, 80}) {
                    for (int rate : new int[] {0, updates}) {
                        readings.add(show(bench.read(way, registered, rate, seconds)));
                    }
                }
            }
            if (globals().json()) {
                print(found.put("lookups", readings.stream().collect(Json.toArray())));
            }
            return ExitCode.OK;
        }

        private Json show(TableBench.Reading it) {
            if (!globals().json()) {
                out().println(
                                text(
                                        "%-26s %9.1f %9.1f %7.2f %10.0f %12.0f",
                                        it.name(),
                                        it.cpuNanos(),
                                        it.wallNanos(),
                                        it.bytes(),
                                        it.updates(),
                                        it.updateNanos()));
                out().flush();
            }
            return Json.object()
                    .put("name", it.name())
                    .put("cpuNanos", it.cpuNanos())
                    .put("wallNanos", it.wallNanos())
                    .put("bytes", it.bytes())
                    .put("updatesPerSecond", it.updates())
                    .put("updateCpuNanos", it.updateNanos());
        }
    }

    static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
