package io.lispfabric.cli;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
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

    private final OptionSpec output =
            inherited("FORMAT", "table or json", "-o", "--output")
                    .type(Format.class)
                    .defaultValue("table")
                    .build();

    private final OptionSpec endpoints =
            inherited(
                            "HOST:PORT",
                            "where the admin API is (default: ${DEFAULT-VALUE})",
                            "--endpoints")
                    .type(String[].class)
                    .splitRegex(",")
                    .defaultValue(
                            System.getenv().getOrDefault("LISPCTL_ENDPOINTS", "127.0.0.1:24443"))
                    .build();

    private final OptionSpec timeout =
            inherited("TIME", "how long to wait, such as 500ms or 3s", "--timeout")
                    .type(Duration.class)
                    .build();

    private final OptionSpec color =
            inherited("WHEN", "auto, always or never", "--color")
                    .type(Color.class)
                    .defaultValue("auto")
                    .build();

    private final OptionSpec verbose =
            inherited("", "say on standard error what happens", "-v", "--verbose")
                    .type(boolean.class)
                    .arity("0")
                    .defaultValue("false")
                    .build();

    private static OptionSpec.Builder inherited(String label, String description, String... names) {
        return Options.option(label, description, names).scopeType(ScopeType.INHERIT);
    }

    void addTo(CommandSpec spec) {
        List.of(output, endpoints, timeout, color, verbose).forEach(spec::addOption);
    }

    public boolean json() {
        return output.<Format>getValue() == Format.json;
    }

    /** Where the admin API is looked for, each {@code host:port}. */
    public List<String> endpoints() {
        return List.of(endpoints.<String[]>getValue());
    }

    /** How long to wait. */
    public Duration timeout(Duration unless) {
        return Optional.ofNullable(timeout.<Duration>getValue()).orElse(unless);
    }

    public boolean verbose() {
        return verbose.<Boolean>getValue();
    }

    /** Letters as the terminal shall show them; plain ones where there is none. */
    public Ink ink() {
        return new Ink(
                switch (color.<Color>getValue()) {
                    case always -> true;
                    case never -> false;
                    case auto -> Ink.isTerminal();
                });
    }
}
