package io.lispfabric.conformance.command;

import io.lispfabric.cli.AddedCommand;
import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.cli.Table;
import io.lispfabric.conformance.blackbox.Case;
import io.lispfabric.conformance.blackbox.Result;
import io.lispfabric.conformance.blackbox.Result.Verdict;
import io.lispfabric.conformance.blackbox.Setup;
import io.lispfabric.conformance.blackbox.Setup.KeyOption;
import io.lispfabric.conformance.blackbox.Suite;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.app.TextFile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Asks any Map-Server or Map-Resolver over UDP whether it does what the RFCs say. */
@Command(
        name = "conform",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Test any vendor's Map-Server or Map-Resolver over UDP against the RFCs.",
        subcommands = {ConformCommand.ListCases.class, ConformCommand.RunCases.class})
public final class ConformCommand implements AddedCommand {
    /** Which cases. */
    static final class Selection {
        @Option(
                names = "--role",
                paramLabel = "ROLE",
                description = "ms or mr: what the peer is asked as (default: both)")
        private Optional<Case.Role> role = Optional.empty();

        @Option(
                names = "--case",
                split = ",",
                paramLabel = "ID",
                description = "only these; 'register.*' is all that begin so")
        private List<String> ids = List.of();

        List<Case> cases() {
            return Suite.cases().stream()
                    .filter(it -> role.isEmpty() || it.roles().contains(role.get()))
                    .filter(it -> ids.isEmpty() || ids.stream().anyMatch(id -> matches(id, it)))
                    .toList();
        }

        private static boolean matches(String id, Case test) {
            return id.endsWith("*")
                    ? test.id().startsWith(id.substring(0, id.length() - 1))
                    : test.id().equals(id);
        }
    }

    /** What there is to be asked. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = "List the cases.")
    static final class ListCases extends Subcommand {
        @Mixin private Selection selection = new Selection();

        @Override
        public Integer call() {
            var cases = selection.cases();
            if (globals().json()) {
                print(
                        Json.object()
                                .put(
                                        "cases",
                                        cases.stream()
                                                .map(ListCases::json)
                                                .collect(Json.toArray())));
                return ExitCode.OK;
            }
            var table = new Table().left("CASE").left("RFC").left("ROLE").left("WHAT IS SO");
            cases.forEach(it -> table.row(it.id(), it.rfc(), roles(it), it.text()));
            table.lines("", globals().ink()).forEach(out()::println);
            out().flush();
            return ExitCode.OK;
        }

        private static Json json(Case test) {
            return Json.object()
                    .put("id", test.id())
                    .put("rfc", test.rfc())
                    .put("text", test.text())
                    .put("roles", names(test.roles().stream().sorted().toList()))
                    .put("needs", names(test.needs().stream().sorted().toList()));
        }
    }

    private static Json names(List<? extends Enum<?>> values) {
        return values.stream()
                .map(it -> Json.of(it.name().toLowerCase(Locale.ROOT).replace('_', '-')))
                .collect(Json.toArray());
    }

    private static String roles(Case test) {
        return String.join(
                " ",
                test.roles().stream()
                        .sorted()
                        .map(it -> it.name().toLowerCase(Locale.ROOT))
                        .toList());
    }

    /** Asks. */
    @Command(
            name = "run",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "Run cases against a peer. The defaults are what 'lispctl serve --dev' accepts;"
                        + " docs/conformance.md says how to set up other servers.",
                "Exit code 0 when none failed, 1 when one did, 4 when the peer does not answer."
            })
    static final class RunCases extends Subcommand {
        private static final Duration PATIENCE = Duration.ofSeconds(1);

        @Mixin private Selection selection = new Selection();

        @Option(
                names = "--peer",
                defaultValue = "127.0.0.1",
                paramLabel = "HOST[:PORT]",
                description = "the server (default: ${DEFAULT-VALUE}, port 4342)")
        private String peer = "";

        @Option(
                names = "--local",
                paramLabel = "ADDRESS",
                description =
                        "where to send from (default: what routes say; 127.0.0.2 to a peer on"
                                + " 127.0.0.1, so that both can have port 4342)")
        private Optional<String> local = Optional.empty();

        @Option(
                names = "--key-id",
                defaultValue = "1",
                paramLabel = "N",
                description = "the Key ID of the site (default: ${DEFAULT-VALUE})")
        private int keyId;

        @Option(
                names = "--key-file",
                paramLabel = "FILE",
                description =
                        "the secret of the site; white space around it does not count. Without it"
                                + " only questions are asked")
        private Optional<Path> keyFile = Optional.empty();

        @Option(
                names = "--algorithm",
                defaultValue = "3",
                paramLabel = "1|2|3",
                description =
                        "what to authenticate with where the case does not say (default:"
                                + " ${DEFAULT-VALUE})")
        private int algorithm;

        @Option(
                names = "--legacy-length",
                description = "with MACs that are not cut: 20 octets for algorithm 1, 32 for 2")
        private boolean legacyLength;

        @Option(
                names = "--site-id",
                defaultValue = "0",
                paramLabel = "N",
                description = "the Site-ID in Map-Registers (default: ${DEFAULT-VALUE})")
        private long siteId;

        @Option(
                names = "--second-key-id",
                defaultValue = "2",
                paramLabel = "N",
                description =
                        "the Key ID of another live key of the site (default: ${DEFAULT-VALUE})")
        private int secondKeyId;

        @Option(
                names = "--second-key-file",
                paramLabel = "FILE",
                description = "its secret; without it some cases are skipped")
        private Optional<Path> secondKeyFile = Optional.empty();

        @Option(
                names = "--other-site-id",
                defaultValue = "1",
                paramLabel = "N",
                description = "a site that may not register our EIDs (default: ${DEFAULT-VALUE})")
        private long otherSiteId;

        @Option(
                names = "--other-key-id",
                defaultValue = "1",
                paramLabel = "N",
                description = "its Key ID (default: ${DEFAULT-VALUE})")
        private int otherKeyId;

        @Option(
                names = "--other-key-file",
                paramLabel = "FILE",
                description = "its secret; without it some cases are skipped")
        private Optional<Path> otherKeyFile = Optional.empty();

        @Option(
                names = "--lisp-sec-key-id",
                defaultValue = "1",
                paramLabel = "N",
                description =
                        "the Key ID that one-time keys are wrapped under (default:"
                                + " ${DEFAULT-VALUE})")
        private int lispSecKeyId;

        @Option(
                names = "--lisp-sec-key-file",
                paramLabel = "FILE",
                description = "its secret; without it LISP-SEC is skipped")
        private Optional<Path> lispSecKeyFile = Optional.empty();

        @Option(
                names = "--dev",
                paramLabel = "FOLDER",
                description = "all keys of 'lispctl serve --dev --data FOLDER'")
        private Optional<Path> dev = Optional.empty();

        @Option(
                names = "--slow",
                description = "with cases that wait for timeouts: up to two minutes more")
        private boolean slow;

        @Option(
                names = "--eids",
                defaultValue = "[1]10.97.0.0/16",
                paramLabel = "PREFIX",
                description =
                        "EIDs that the site may register, more-specifics too: a /16 of IPv4"
                                + " (default: ${DEFAULT-VALUE})")
        private String ipv4 = "";

        @Option(
                names = "--eids6",
                defaultValue = "[1]2001:db8:97::/48",
                paramLabel = "PREFIX",
                description = "likewise, a /48 of IPv6 (default: ${DEFAULT-VALUE})")
        private String ipv6 = "";

        @Option(
                names = "--other-iid",
                defaultValue = "2",
                paramLabel = "IID",
                description =
                        "an Instance ID where none of these is registered (default:"
                                + " ${DEFAULT-VALUE})")
        private int otherIid;

        @Option(
                names = "--outside",
                defaultValue = "[16777214]10.98.0.0/24",
                paramLabel = "PREFIX",
                description = "EIDs that belong to no site of the peer (default: ${DEFAULT-VALUE})")
        private String outside = "";

        @Option(
                names = "--parallel",
                defaultValue = "16",
                paramLabel = "N",
                description = "how many cases at a time (default: ${DEFAULT-VALUE})")
        private int parallel;

        @Option(
                names = "--junit",
                paramLabel = "FILE",
                description = "write the results there too, as JUnit's XML")
        private Optional<Path> junit = Optional.empty();

        @Override
        public Integer call() throws CommandFailure {
            var cases = selection.cases();
            if (cases.isEmpty()) {
                throw usage("there is no such case; 'lispctl conform list' has them all");
            }
            if (parallel < 1 || parallel > 64) {
                throw usage("--parallel is 1 to 64, not " + parallel);
            }
            var setup = setup();
            long begin = System.nanoTime();
            try (var suite = Suite.open(setup, InstantSource.system())) {
                var silence = suite.unreachable();
                if (silence.isPresent()) {
                    throw new CommandFailure(
                            ExitCode.UNREACHABLE,
                            "no answer from "
                                    + text(setup.peer())
                                    + ": "
                                    + silence.get()
                                    + ". Check that it listens there on UDP, and that it can send"
                                    + " to us");
                }
                Consumer<Result> tell = globals().json() ? _ -> {} : this::tell;
                var results = suite.run(cases, parallel, tell);
                report(setup, results, Duration.ofNanos(System.nanoTime() - begin));
                return results.stream().anyMatch(it -> it.verdict() == Verdict.FAIL)
                        ? ExitCode.FAILURE
                        : ExitCode.OK;
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.FAILURE, "cannot run: " + e.getMessage(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
            }
        }

        private Setup setup() throws CommandFailure {
            try {
                var at = Settings.socketAddress(peer, 4342);
                if (at.getAddress() == null) {
                    throw new CommandFailure(
                            ExitCode.UNREACHABLE, "nobody knows the name " + at.getHostString());
                }
                return Setup.of(
                                at,
                                local,
                                keyId,
                                secret(keyFile, "dev.key"),
                                algorithm,
                                legacyLength,
                                siteId,
                                List.of(ipv4, ipv6, outside),
                                otherIid,
                                globals().timeout(PATIENCE))
                        .with(
                                secret(secondKeyFile, "dev-second.key")
                                        .map(it -> new KeyOption(secondKeyId, it)),
                                secret(lispSecKeyFile, "dev-lisp-sec.key")
                                        .map(it -> new KeyOption(lispSecKeyId, it)),
                                otherSiteId,
                                secret(otherKeyFile, "dev-other.key")
                                        .map(it -> new KeyOption(otherKeyId, it)),
                                slow);
            } catch (IllegalArgumentException e) {
                throw usage(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
            }
        }

        /**
         * A secret.
         *
         * @param inDev what its file is called where a development server keeps its keys
         */
        private Optional<byte[]> secret(Optional<Path> named, String inDev) throws IOException {
            var file = named.or(() -> dev.map(it -> it.resolve(inDev)));
            try {
                return file.isPresent()
                        ? Optional.of(TextFile.secret(file.get()))
                        : Optional.empty();
            } catch (IOException e) {
                throw new IOException("cannot read " + file.get() + ": " + e.getMessage(), e);
            }
        }

        private static String text(InetSocketAddress address) {
            var host = address.getAddress().getHostAddress();
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
        }

        /** One line for each case, as soon as it is known. */
        private void tell(Result result) {
            var ink = globals().ink();
            out().println(
                            switch (result.verdict()) {
                                case PASS -> ink.good("✓") + " " + result.test().id();
                                case FAIL -> failed(result);
                                case SKIP ->
                                        "- " + result.test().id() + ": skipped: " + result.detail();
                            });
            if (result.verdict() == Verdict.FAIL || globals().verbose()) {
                out().println("    " + result.test().text());
                result.steps()
                        .forEach(it -> {
                            out().println("    " + it.kind() + ": " + it.text());
                            if (globals().verbose() && !it.octets().isEmpty()) {
                                out().println("      " + it.octets());
                            }
                        });
            }
            out().flush();
        }

        private String failed(Result result) {
            return globals().ink().bad("✗")
                    + " "
                    + result.test().id()
                    + " (RFC "
                    + result.test().rfc()
                    + "): "
                    + result.detail();
        }

        private static long count(List<Result> results, Verdict verdict) {
            return results.stream().filter(it -> it.verdict() == verdict).count();
        }

        private void report(Setup setup, List<Result> results, Duration took)
                throws CommandFailure {
            if (junit.isPresent()) {
                try {
                    Files.writeString(junit.get(), JUnitXml.of(text(setup.peer()), results, took));
                } catch (IOException e) {
                    throw new CommandFailure(
                            ExitCode.FAILURE, "cannot write " + junit.get() + ": " + e, e);
                }
            }
            if (globals().json()) {
                print(
                        Json.object()
                                .put("peer", text(setup.peer()))
                                .put("passed", count(results, Verdict.PASS))
                                .put("failed", count(results, Verdict.FAIL))
                                .put("skipped", count(results, Verdict.SKIP))
                                .put("seconds", took.toMillis() / 1000.0)
                                .put(
                                        "cases",
                                        results.stream()
                                                .map(RunCases::json)
                                                .collect(Json.toArray())));
                return;
            }
            if (count(results, Verdict.FAIL) > 0) {
                out().println("failed:"); // once more, as they are far above
                results.stream()
                        .filter(it -> it.verdict() == Verdict.FAIL)
                        .map(this::failed)
                        .forEach(out()::println);
            }
            out().printf(
                            Locale.ROOT,
                            "%d passed, %d failed, %d skipped, in %.1f s%n",
                            count(results, Verdict.PASS),
                            count(results, Verdict.FAIL),
                            count(results, Verdict.SKIP),
                            took.toMillis() / 1000.0);
            out().flush();
        }

        private static Json json(Result result) {
            return Json.object()
                    .put("id", result.test().id())
                    .put("rfc", result.test().rfc())
                    .put("text", result.test().text())
                    .put("result", result.verdict().name().toLowerCase(Locale.ROOT))
                    .put("detail", result.detail())
                    .put("millis", (int) result.duration().toMillis())
                    .put(
                            "steps",
                            result.steps().stream()
                                    .map(it ->
                                            Json.object()
                                                    .put("kind", it.kind())
                                                    .put("text", it.text())
                                                    .put("octets", it.octets()))
                                    .collect(Json.toArray()));
        }
    }
}
