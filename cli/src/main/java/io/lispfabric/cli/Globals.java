package io.lispfabric.cli;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command has, before or after its name. */
public final class Globals {
    /** How results are written to standard output. */
    public enum Format {
        table,
        json
    }

    enum Color {
        auto,
        always,
        never
    }

    @Option(
            names = {"-o", "--output"},
            scope = ScopeType.INHERIT,
            defaultValue = "table",
            paramLabel = "FORMAT",
            description = "table or json")
    private Format output = Format.table;

    @Option(
            names = "--endpoints",
            scope = ScopeType.INHERIT,
            split = ",",
            defaultValue = "${env:LISPCTL_ENDPOINTS:-127.0.0.1:24443}",
            paramLabel = "HOST:PORT",
            description = "where the admin API is (default: ${DEFAULT-VALUE})")
    private List<String> endpoints = List.of();

    @Option(
            names = "--timeout",
            scope = ScopeType.INHERIT,
            paramLabel = "TIME",
            description = "how long to wait, such as 500ms or 3s")
    private Optional<Duration> timeout = Optional.empty();

    @Option(
            names = "--color",
            scope = ScopeType.INHERIT,
            defaultValue = "auto",
            paramLabel = "WHEN",
            description = "auto, always or never")
    private Color color = Color.auto;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "say on standard error what happens")
    private boolean verbose;

    public boolean json() {
        return output == Format.json;
    }

    /** Where the admin API is looked for, each {@code host:port}. */
    public List<String> endpoints() {
        return endpoints;
    }

    /** How long to wait. */
    public Duration timeout(Duration unless) {
        return timeout.orElse(unless);
    }

    public boolean verbose() {
        return verbose;
    }

    /** Letters as the terminal shall show them; plain ones where there is none. */
    public Ink ink() {
        return new Ink(
                switch (color) {
                    case always -> true;
                    case never -> false;
                    // The launcher knows whether standard output is a terminal; NO_COLOR is the
                    // user's word against it.
                    case auto ->
                            Boolean.getBoolean("lispctl.terminal")
                                    && System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
                });
    }
}
