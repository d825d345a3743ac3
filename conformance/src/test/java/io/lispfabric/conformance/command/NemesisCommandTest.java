package io.lispfabric.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Lispctl;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the nemesis does not begin with. */
class NemesisCommandTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --faults kill,fire        | no such fault: fire; there are disk, kill
                    --minutes 1 --seconds 1   | either --minutes or --seconds
                    --seconds 0               | it lasts 1 second to 7 days
                    --rate 0                  | --rate is 1 to 10000
                    --bound 10ms              | --bound is at least 1s
                    """)
    void saysWhatIsWrongWithItsOptions(String options, String sentence) {
        var arguments = new ArrayList<>(List.of("nemesis"));
        arguments.addAll(List.of(options.split(" ")));
        var said = new StringWriter();
        int code =
                Lispctl.run(
                        new PrintWriter(new StringWriter()),
                        new PrintWriter(said),
                        arguments.toArray(String[]::new));
        assertThat(code).isEqualTo(ExitCode.USAGE);
        assertThat(said.toString()).contains(sentence);
    }
}
