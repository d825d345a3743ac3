package io.lispfabric.cli.demo;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A whole fabric in one command. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description =
                "Run the fabric of draft-jain Figure 1 on this machine: loopback only, no root, no settings.")
public final class DemoCommand extends Subcommand {
    @Option(
            names = "--members",
            defaultValue = "3",
            paramLabel = "N",
            description = "Scale-Out Map-Servers: 3 or 5")
    private int members;

    private static final String ALL = "all";

    /** Nothing goes without xTRs that have registered and subscribed. */
    private static final Set<String> GROUNDWORK = Set.of("registration", "subscription");

    /** What shows the fabric to those who then press keys. */
    private static final Set<String> OPENING =
            Set.of("registration", "subscription", "packets", "scale-up");

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description =
                    "what to show before any key: all (so it is with --exit), or one of registration, subscription, packets, scale-up, merge, move, unknown, failover")
    private String scenario = "";

    @Option(
            names = "--exit",
            description =
                    "show the scenarios without keys, and end; exit 0 only if every check held")
    private boolean exit;

    @Option(names = "--no-browser", description = "accepted for later; there is no page yet")
    private boolean noBrowser;

    @Override
    public Integer call() throws CommandFailure {
        if (members != 3 && members != 5) {
            throw usage("--members is 3 or 5, not " + members);
        }
        if (!scenario.isEmpty() && !scenario.equals(ALL) && !Scenarios.names().contains(scenario)) {
            throw usage(
                    "no scenario is called "
                            + scenario
                            + "; there are all, "
                            + String.join(", ", Scenarios.names()));
        }
        var running = new AtomicReference<Optional<Figure1>>(Optional.empty());
        // Ctrl-C leaves nothing behind.
        var hook = new Thread(() -> running.getAndSet(Optional.empty()).ifPresent(Figure1::close));
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            say(
                    "lispctl demo: "
                            + members
                            + " Map-Servers, 4 PoDs with a Scale-Up mapping system each, 16 xTRs, "
                            + "8 accelerators (draft-jain Figure 1)");
            var fabric = Figure1.start(members);
            running.set(Optional.of(fabric));
            return isWithoutKeys() ? show(fabric) : play(fabric);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "demo: " + e.getMessage(), e);
        } finally {
            running.getAndSet(Optional.empty()).ifPresent(Figure1::close);
        }
    }

    private boolean isWithoutKeys() {
        return exit || globals().json();
    }

    private boolean isWanted(String name) {
        if (scenario.isEmpty()) {
            return isWithoutKeys() || OPENING.contains(name);
        }
        return scenario.equals(ALL) || scenario.equals(name) || GROUNDWORK.contains(name);
    }

    /** Every scenario that is wanted before any key, one after another. */
    private List<Report> reports(Scenarios scenarios) throws IOException {
        var reports = new ArrayList<Report>();
        tell(scenarios.cluster(), reports);
        for (var name : Scenarios.names()) {
            if (isWanted(name)) {
                tell(scenarios.run(name), reports);
            }
        }
        return reports;
    }

    private int show(Figure1 fabric) throws IOException {
        var reports = reports(new Scenarios(fabric));
        if (globals().json()) {
            var all = reports.stream().map(Report::json).collect(Json.toArray());
            print(Json.object().put("scenarios", all));
        } else {
            long failed =
                    reports.stream()
                            .flatMap(it -> it.checks().stream())
                            .filter(it -> !it.ok())
                            .count();
            long checks = reports.stream().mapToLong(it -> it.checks().size()).sum();
            say(
                    failed == 0
                            ? checks + " checks, all held"
                            : failed + " of " + checks + " checks did not hold");
        }
        return reports.stream().allMatch(Report::ok) ? ExitCode.OK : ExitCode.FAILURE;
    }

    private void tell(Report report, List<Report> reports) {
        reports.add(report);
        say("  " + (report.ok() ? "✓" : "✗") + " " + report.line());
        report.checks().stream()
                .filter(check -> exit || !check.ok())
                .forEach(check ->
                        say(
                                "      "
                                        + (check.ok() ? "✓" : "✗")
                                        + " "
                                        + check.name()
                                        + ": "
                                        + check.shown()));
    }

    /** Shows what is wanted, and then does what the keys say. */
    private int play(Figure1 fabric) throws IOException {
        var scenarios = new Scenarios(fabric);
        var reports = reports(scenarios);
        say(
                "LISP "
                        + text(fabric.scaleOutAddresses())
                        + "      API "
                        + text(fabric.adminAddresses())
                        + "      metrics "
                        + text(fabric.httpAddresses()));
        say(
                "Try, in another terminal: ./lispctl query 40.0.0.0/16 -i 1 -m "
                        + text(List.of(fabric.scaleOutAddresses().getFirst()))
                        + "   or   ./lispctl show members --endpoints "
                        + text(List.of(fabric.adminAddresses().getFirst())));
        try (var keys = Keys.open()) {
            say(
                    (keys.areSingle() ? "" : "letters on standard input: ")
                            + "[m]ove  [u]nknown  [k]ill leader, and restore it  [q]uit");
            while (true) {
                switch (keys.next()) {
                    case 'm' -> {
                        tell(scenarios.run("merge"), reports);
                        tell(scenarios.run("move"), reports);
                    }
                    case 'u' -> tell(scenarios.run("unknown"), reports);
                    case 'k' -> tell(scenarios.run("failover"), reports);
                    case 'q', Keys.END -> {
                        return reports.stream().allMatch(Report::ok)
                                ? ExitCode.OK
                                : ExitCode.FAILURE;
                    }
                    default -> {}
                }
            }
        }
    }

    private static String text(List<InetSocketAddress> addresses) {
        return addresses.stream()
                .map(it -> it.getAddress().getHostAddress() + ":" + it.getPort())
                .collect(Collectors.joining(", "));
    }

    private void say(String line) {
        if (!globals().json()) {
            out().println(line);
            out().flush();
        }
    }
}
