package io.lispfabric.conformance.command;

import io.lispfabric.cli.AddedCommand;
import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Lispctl;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.cli.Table;
import io.lispfabric.conformance.nemesis.Nemesis;
import io.lispfabric.conformance.nemesis.Nemesis.Effect;
import io.lispfabric.conformance.nemesis.Nemesis.Report;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Real members under load, and one fault after the other. It starts itself once more in namespaces
 * of its own: whatever happens, what was set up there ends with that process.
 */
@Command(
        name = "nemesis",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Start three members, keep them busy with xTRs, and kill, stop, cut off and fill them up"
                    + " one after the other; judge all that they say meanwhile.",
            "Needs root, or a kernel that lets users have namespaces, as it is done in namespaces of its"
                    + " own.",
            "Exit code 0 when everything held, 1 when something did not: then it says what, and the"
                    + " seed, and keeps logs and data."
        })
public final class NemesisCommand extends Subcommand implements AddedCommand {
    /** For how long it may take to end orderly. */
    private static final int END_SECONDS = 20;

    @Spec private CommandSpec command = CommandSpec.create();

    @Option(names = "--minutes", paramLabel = "N", description = "how long (default: 1)")
    private Optional<Integer> minutes = Optional.empty();

    @Option(names = "--seconds", paramLabel = "N", description = "how long, instead of --minutes")
    private Optional<Integer> seconds = Optional.empty();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "which faults, in which order, and what xTRs say (default: another one)")
    private Optional<Long> seed = Optional.empty();

    @Option(
            names = "--faults",
            paramLabel = "NAME",
            split = ",",
            description =
                    "only these: kill, stop, partition (shown as cut-off, cut-off-wholly,"
                            + " cut-one-link), one-way (dumb, deaf), disk (disk-low, disk-full),"
                            + " slow, transfer, restart, members (lost, removed)"
                            + " (default: all)")
    private List<String> faults = List.of();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "Map-Registers in a second, and as many Map-Requests (default: 100)")
    private int rate = 100;

    @Option(
            names = "--groups",
            paramLabel = "N",
            defaultValue = "1",
            description = "how many Raft groups EIDs are spread over (default: ${DEFAULT-VALUE})")
    private int groups;

    @Option(
            names = "--bound",
            paramLabel = "TIME",
            defaultValue = "45s",
            description =
                    "so long after a fault writes go on, and members and subscribers are right"
                            + " (default: 45s)")
    private Duration bound = Duration.ofSeconds(45);

    @Option(names = "--inside", hidden = true, paramLabel = "FOLDER")
    private Optional<Path> inside = Optional.empty();

    @Override
    public Integer call() throws CommandFailure {
        check();
        try {
            return inside.isPresent() ? run(inside.get()) : enter();
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
        }
    }

    private void check() throws CommandFailure {
        if (minutes.isPresent() && seconds.isPresent()) {
            throw usage("either --minutes or --seconds");
        }
        if (length().compareTo(Duration.ofSeconds(1)) < 0
                || length().compareTo(Duration.ofDays(7)) > 0) {
            throw usage("it lasts 1 second to 7 days");
        }
        if (rate < 1 || rate > 10_000) {
            throw usage("--rate is 1 to 10000");
        }
        if (groups < 1 || groups > 8) {
            throw usage("--groups is 1 to 8");
        }
        if (bound.compareTo(Duration.ofSeconds(1)) < 0) {
            throw usage("--bound is at least 1s");
        }
        var unknown = new TreeSet<>(faults);
        unknown.removeAll(Nemesis.faults());
        if (!unknown.isEmpty()) {
            throw usage(
                    "no such fault: "
                            + String.join(", ", unknown)
                            + "; there are "
                            + String.join(", ", Nemesis.faults()));
        }
        if (!"Linux".equals(System.getProperty("os.name"))) {
            throw new CommandFailure(ExitCode.FAILURE, "needs the namespaces of Linux");
        }
        var missing = Nemesis.missing();
        if (!missing.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    "not installed: "
                            + String.join(", ", missing)
                            + "; Debian has them in iproute2, util-linux, mount, procps and"
                            + " coreutils");
        }
    }

    private Duration length() {
        return seconds.map(Duration::ofSeconds)
                .orElseGet(() -> Duration.ofMinutes(minutes.orElse(1)));
    }

    // Outside

    private int enter() throws IOException, InterruptedException {
        var work = Files.createTempDirectory("nemesis.");
        long number = seed.orElseGet(() -> new Random().nextLong(1_000_000_000));
        var again = new ArrayList<>(List.of("unshare"));
        if (!"root".equals(System.getProperty("user.name"))) {
            again.add("--map-root-user");
        }
        again.addAll(
                List.of("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"));
        again.addAll(lispctl());
        again.addAll(command.root().commandLine().getParseResult().originalArgs());
        again.addAll(List.of("--inside", work.toString()));
        if (seed.isEmpty()) {
            again.addAll(List.of("--seed", String.valueOf(number)));
        }
        var process = new ProcessBuilder(again).inheritIO().start();
        var hook = new Thread(() -> end(process, work));
        Runtime.getRuntime().addShutdownHook(hook);
        int code = process.waitFor();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            hook.join(); // somebody ends us, and it is not done yet
            return ExitCode.FAILURE;
        }
        if (code == ExitCode.OK) {
            delete(work);
        } else {
            note("seed " + number + "; logs and data: " + work);
        }
        return code;
    }

    /** Somebody ends us: the process inside first, and with it all others there. */
    private static void end(Process process, Path work) {
        process.descendants().forEach(ProcessHandle::destroy);
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            delete(work);
        } catch (InterruptedException | IOException _) {
            // Then the rest of it stays in the system's temporary folder.
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var all = Files.walk(folder)) {
            for (var each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    /** How another {@code lispctl} is started, as this one was. */
    private static List<String> lispctl() {
        var command = new ArrayList<String>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), Lispctl.class.getName()));
        return command;
    }

    // Inside

    private int run(Path work) throws IOException, InterruptedException {
        var number = seed.orElseThrow(() -> usage("--inside is not for users"));
        Consumer<String> log = globals().json() ? this::note : this::say;
        log.accept("seed " + number);
        var report =
                Nemesis.run(
                        new Nemesis.Setting(
                                number,
                                length(),
                                bound,
                                rate,
                                groups,
                                faults.isEmpty() ? Nemesis.faults() : new TreeSet<>(faults),
                                lispctl(),
                                work),
                        log);
        if (globals().json()) {
            print(json(number, report));
        } else {
            show(report);
        }
        return report.violations().isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
    }

    private void say(String line) {
        out().println(line);
        out().flush();
    }

    private void show(Report report) {
        var table =
                new Table()
                        .left("FAULT")
                        .right("COUNT")
                        .right("LONGEST GAP P50 ms")
                        .right("P99 ms")
                        .right("AFTER ITS END P50 ms")
                        .right("P99 ms");
        for (var it : report.effects()) {
            table.row(
                    it.fault(),
                    String.valueOf(it.count()),
                    milliseconds(it.gap50()),
                    milliseconds(it.gap99()),
                    milliseconds(it.after50()),
                    milliseconds(it.after99()));
        }
        table.lines("", globals().ink()).forEach(this::say);
        say(
                String.format(
                        Locale.ROOT,
                        "%d rounds; %d Map-Registers acknowledged, %d answers and %d publications"
                                + " judged, %d old Map-Registers sent again",
                        report.rounds(),
                        report.registrations(),
                        report.answers(),
                        report.publications(),
                        report.replays()));
        say(
                String.format(
                        Locale.ROOT,
                        "%d questions put to all members in turn were answered, the slowest after"
                                + " %.2f s",
                        report.questions(),
                        report.longestAnswer() / 1e9));
        if (report.violations().isEmpty()) {
            say("everything held");
        } else {
            report.violations().forEach(it -> say("VIOLATED " + it));
        }
    }

    private static String milliseconds(long nanos) {
        return String.valueOf(TimeUnit.NANOSECONDS.toMillis(nanos));
    }

    private static Json json(long seed, Report report) {
        return Json.object()
                .put("seed", String.valueOf(seed))
                .put("rounds", report.rounds())
                .put("registrations", report.registrations())
                .put("answers", String.valueOf(report.answers()))
                .put("publications", String.valueOf(report.publications()))
                .put("replays", report.replays())
                .put("questions", String.valueOf(report.questions()))
                .put("longestAnswerMillis", report.longestAnswer() / 1e6)
                .put(
                        "faults",
                        report.effects().stream().map(NemesisCommand::json).collect(Json.toArray()))
                .put(
                        "violations",
                        report.violations().stream().map(Json::of).collect(Json.toArray()));
    }

    private static Json json(Effect effect) {
        return Json.object()
                .put("fault", effect.fault())
                .put("count", effect.count())
                .put("gapP50Millis", effect.gap50() / 1e6)
                .put("gapP99Millis", effect.gap99() / 1e6)
                .put("afterP50Millis", effect.after50() / 1e6)
                .put("afterP99Millis", effect.after99() / 1e6);
    }
}
