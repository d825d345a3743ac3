package io.lispfabric.cli;

import io.lispfabric.cli.demo.DemoCommand;
import io.lispfabric.wire.app.TimeText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command of the project, {@code lispctl}: what it is asked to do is a subcommand. */
public final class Lispctl {
    /** A subcommand, which costs time to make known even when it is not the one that is run. */
    private record Entry(List<String> names, Supplier<Object> command) {
        Entry(String name, Supplier<Object> command) {
            this(List.of(name), command);
        }
    }

    /** All that {@code lispctl} can do, in the order of its help. */
    private static final List<Entry> COMMANDS =
            List.of(
                    new Entry("demo", DemoCommand::new),
                    new Entry("serve", ServeCommand::new),
                    new Entry("agent", AgentCommand::new),
                    new Entry(List.of("query", "lig"), () -> new QueryCommand().spec()),
                    new Entry("register", () -> new RegisterCommand().spec()),
                    new Entry("subscribe", () -> new SubscribeCommand().spec()),
                    new Entry("show", ShowCommand::new),
                    new Entry("member", MemberCommand::new),
                    new Entry("config", ConfigCommand::new),
                    new Entry("check", CheckCommand::new),
                    new Entry("decode", () -> new DecodeCommand().spec()),
                    new Entry("version", () -> new VersionCommand().spec()));

    /** Words after which all commands are needed. */
    private static final Set<String> ALL = Set.of("help", "-h", "--help");

    /** Those that ask an admin API. */
    private static final Set<String> ASKING = Set.of("show", "member", "check");

    /** Options before a command's name that take the next word for themselves. */
    private static final Set<String> VALUED =
            Set.of("-o", "--output", Globals.ENDPOINTS, "--timeout", "--color");

    private final Globals globals = new Globals();

    Lispctl() {}

    Globals globals() {
        return globals;
    }

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        var out = new PrintWriter(System.out, false);
        var err = new PrintWriter(System.err, true);
        int code = run(out, err, args);
        out.flush();
        err.flush();
        // Nothing is left to be done, whereas an orderly exit would load the platform's logging
        // first.
        Runtime.getRuntime().halt(code);
    }

    /** Runs one command and returns its {@link ExitCode}. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        return commandLine(args).setOut(out).setErr(err).execute(args);
    }

    private CommandSpec spec() {
        var spec =
                Options.command(
                        this, "lispctl", "LISP Fabric: a LISP mapping system for AI fabrics.");
        globals.addTo(spec);
        spec.addOption(
                OptionSpec.builder("-V", "--version")
                        .type(boolean.class)
                        .arity("0")
                        .versionHelp(true)
                        .description("Print version information and exit.")
                        .build());
        spec.versionProvider(new VersionCommand.Provider());
        spec.usageMessage()
                .synopsisSubcommandLabel("COMMAND")
                .footer(
                        "",
                        "Exit codes: 0 ok, 1 failure, 2 usage, 3 negative answer or not found,",
                        "4 unreachable or timed out, 5 denied, 6 conflict.");
        return spec;
    }

    /**
     * The parser for these arguments: with the one command that they name, since most of the time
     * that a short command takes is spent on getting to know commands; with all when they name none
     * or want help.
     */
    static CommandLine commandLine(String... args) {
        var lispctl = new Lispctl();
        var line = new CommandLine(lispctl.spec());
        var named = named(args);
        (named.isEmpty() ? all() : List.of(named.get()))
                .forEach(it ->
                        line.addSubcommand(
                                it.names().getFirst(),
                                it.command().get(),
                                it.names().stream().skip(1).toArray(String[]::new)));
        if (named.isEmpty()) {
            line.addSubcommand("help", new HelpCommand());
        }
        line.getSubcommands().entrySet().stream()
                .filter(it -> ASKING.contains(it.getKey()))
                .forEach(it -> lispctl.globals.addEndpointsTo(it.getValue().getCommandSpec()));
        line.registerConverter(Duration.class, time());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setAbbreviatedOptionsAllowed(false);
        line.setColorScheme(
                CommandLine.Help.defaultColorScheme(
                        Ink.isTerminal() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setExecutionStrategy(Lispctl::execute);
        line.setParameterExceptionHandler(Lispctl::usageError);
        line.setExecutionExceptionHandler((failure, at, _) -> failed(failure, at));
        return line;
    }

    /** The command that the first word names which is no option; ./lispctl looks for the same. */
    private static Optional<Entry> named(String... args) {
        var words = new ArrayDeque<>(List.of(args));
        while (!words.isEmpty()) {
            var word = words.remove();
            if (ALL.contains(word)) {
                return Optional.empty();
            } else if (VALUED.contains(word)) {
                words.poll();
            } else if (!word.startsWith("-")) {
                return called(word, COMMANDS).or(() -> called(word, added()));
            }
        }
        return Optional.empty();
    }

    private static Optional<Entry> called(String name, List<Entry> commands) {
        return commands.stream().filter(it -> it.names().contains(name)).findFirst();
    }

    /** What modules bring along that the cli does not know; looked for only when it is needed. */
    private static List<Entry> added() {
        return ServiceLoader.load(AddedCommand.class).stream()
                .map(it -> CommandSpec.forAnnotatedObject(it.get()))
                .map(it -> new Entry(List.of(it.name()), () -> it))
                .toList();
    }

    private static List<Entry> all() {
        var all = new ArrayList<>(COMMANDS);
        all.addAll(added());
        return all;
    }

    /** What stands before the name of a command must be of use to it. */
    private static int execute(CommandLine.ParseResult line) {
        var leaf = line;
        while (leaf.hasSubcommand()) {
            leaf = leaf.subcommand();
        }
        var command = leaf.commandSpec();
        if (line.hasMatchedOption(Globals.ENDPOINTS)
                && leaf != line
                && command.findOption(Globals.ENDPOINTS) == null) {
            throw new ParameterException(command.commandLine(), asksNoApi(command));
        }
        return new CommandLine.RunLast().execute(line);
    }

    private static String asksNoApi(CommandSpec command) {
        return "'"
                + command.qualifiedName()
                + "' asks no admin API and has no "
                + Globals.ENDPOINTS
                + (command.findOption("--map-server") == null
                        ? ""
                        : "; -m names the Map-Server or Map-Resolver");
    }

    /** One line that says what is wrong, and where more is to be read. */
    private static int usageError(ParameterException problem, String[] args) {
        var at = problem.getCommandLine();
        boolean endpoints =
                problem instanceof UnmatchedArgumentException unknown
                        && unknown.getUnmatched().stream()
                                .anyMatch(it -> it.split("=", 2)[0].equals(Globals.ENDPOINTS));
        at.getErr()
                .println(
                        "lispctl: "
                                + (endpoints
                                        ? asksNoApi(at.getCommandSpec())
                                        : oneLine(problem.getMessage())));
        if (!endpoints) {
            UnmatchedArgumentException.printSuggestions(problem, at.getErr());
        }
        at.getErr()
                .println("Try '" + at.getCommandSpec().qualifiedName() + " --help' for the usage.");
        at.getErr().flush();
        return ExitCode.USAGE;
    }

    private static int failed(Exception failure, CommandLine at) {
        at.getOut().flush();
        if (failure instanceof CommandFailure expected) {
            at.getErr().println("lispctl: " + oneLine(expected.getMessage()));
            at.getErr().flush();
            return expected.exitCode();
        }
        // Not a sentence for the user but a bug of ours, so all that is known about it is shown.
        failure.printStackTrace(at.getErr());
        at.getErr().flush();
        return ExitCode.FAILURE;
    }

    private static String oneLine(@Nullable String message) {
        return message == null ? "failed without a reason" : message.replaceAll("\\s*\\R\\s*", " ");
    }

    private static ITypeConverter<Duration> time() {
        return text -> {
            try {
                return TimeText.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
    }
}
