package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

class LispctlTest {
    @Test
    void anUnknownCommandSuggestsTheNearest() {
        var run = Run.lispctl("qurey", "10.0.0.1");

        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("qurey").contains("Did you mean").contains("query");
    }

    @Test
    void helpKnowsEveryCommand() {
        var run = Run.lispctl("help");

        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.out())
                .contains(
                        "demo",
                        "serve",
                        "agent",
                        "query",
                        "register",
                        "subscribe",
                        "show",
                        "member")
                .contains("config", "check", "decode", "version", "Exit codes");
        assertThat(Run.lispctl("--help", "query").out()).isEqualTo(run.out());
        assertThat(Run.lispctl("-o", "json", "help").out()).isEqualTo(run.out());
    }

    @Test
    void helpForOneCommandIsThatCommands() {
        var byHelp = Run.lispctl("help", "query");
        var byOption = Run.lispctl("query", "--help");

        assertThat(byHelp.code()).isEqualTo(ExitCode.OK);
        assertThat(byHelp.out()).contains("--no-ecm").isEqualTo(byOption.out());
    }

    /** As a module does that the cli does not know, by META-INF/services. */
    @Command(name = "salute", description = "Says a greeting.")
    public static final class Salute extends Subcommand implements AddedCommand {
        @Parameters private String whom = "";

        @Override
        public Integer call() {
            out().println(globals().json() ? "\"" + whom + "\"" : "hello " + whom);
            return ExitCode.NEGATIVE;
        }
    }

    @Test
    void aCommandOfAModuleThatTheCliDoesNotKnowIsOneLikeTheOthers() {
        assertThat(Run.lispctl("salute", "query")).isEqualTo(new Run(3, "hello query\n", ""));
        assertThat(Run.lispctl("-o", "json", "salute", "a").json().asText()).isEqualTo("a");
        assertThat(Run.lispctl("help").out()).contains("salute  ", "Says a greeting.");
        assertThat(Run.lispctl("salut").err()).contains("Did you mean", "salute");
    }

    @Test
    void theValueOfAnOptionIsNoCommand() {
        var run = Run.lispctl("--timeout", "query", "version");

        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("must be a time with a unit", "not 'query'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"show mappings", "show", "member", "member drain", "check health"})
    void whatAsksAnAdminApiSaysWhereItLooksForIt(String command) {
        var words = command.split(" ");
        var help =
                Run.lispctl(
                        Stream.concat(Stream.of(words), Stream.of("--help"))
                                .toArray(String[]::new));

        assertThat(help.out()).contains("--endpoints", "LISPCTL_ENDPOINTS", "127.0.0.1:24443");
    }

    @ParameterizedTest
    @ValueSource(strings = {"query", "register", "subscribe", "decode", "demo", "serve", "agent"})
    void whatAsksNoAdminApiHasNoEndpoints(String command) {
        assertThat(Run.lispctl(command, "--help").out()).doesNotContain("--endpoints");
        for (var line :
                List.of(
                        new String[] {command, "--endpoints", "127.0.0.1:1"},
                        new String[] {command, "--endpoints=127.0.0.1:1", "40.0.0.7"},
                        new String[] {"--endpoints", "127.0.0.1:1", command})) {
            var run = Run.lispctl(line);

            assertThat(run.code()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err().lines()).hasSize(2);
        }
        var run = Run.lispctl("--endpoints", "127.0.0.1:1", "query", "40.0.0.7");
        assertThat(run.err())
                .startsWith(
                        "lispctl: 'lispctl query' asks no admin API and has no --endpoints; -m"
                                + " names the Map-Server or Map-Resolver")
                .contains("Try 'lispctl query --help'");
        assertThat(Run.lispctl("query", "40.0.0.7", "--endpoints", "127.0.0.1:1")).isEqualTo(run);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--endpoints 127.0.0.1:1 show mappings",
                "show --endpoints 127.0.0.1:1 mappings",
                "show mappings --endpoints 127.0.0.1:1",
                "--endpoints 127.0.0.1:2 show mappings --endpoints 127.0.0.1:1"
            })
    void endpointsMayStandAnywhere(String line) {
        var run = Run.lispctl(line.split(" "));

        assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(run.err()).startsWith("lispctl: no answer from 127.0.0.1:1 (");
    }

    @Test
    void withoutACommandTheUsageIsShownAndTheExitCodeIs2() {
        var run = Run.lispctl();

        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("lispctl: ");
    }

    @Test
    void theVersionIsAlsoData() {
        assertThat(Run.lispctl("version").out()).startsWith("lispctl ");
        assertThat(Run.lispctl("--version").out()).startsWith("lispctl ");
        assertThat(Run.lispctl("version", "-o", "json").json().get("java").asText())
                .isEqualTo(Runtime.version().toString());
    }
}
