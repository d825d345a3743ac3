package io.lispfabric.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.cli.Lispctl;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class RehearseCommandTest {
    @Test
    void helpKnowsIt() {
        assertThat(help("help")).contains("  rehearse  ");
        assertThat(help("help", "rehearse")).contains("lispctl rehearse", "--seconds");
    }

    private static String help(String... words) {
        var out = new StringWriter();
        Lispctl.run(new PrintWriter(out), new PrintWriter(out), words);
        return out.toString();
    }
}
