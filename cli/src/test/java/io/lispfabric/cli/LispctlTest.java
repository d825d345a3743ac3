package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
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
