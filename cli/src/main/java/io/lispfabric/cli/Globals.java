package io.lispfabric.cli;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ScopeType;

/**
 * The options that every command has, before or after its name, and {@code --endpoints}, which only
 * those have that ask an admin API.
 */
public final class Globals {
    static final String ENDPOINTS = "--endpoints";

    private static final String ENDPOINTS_VARIABLE = "LISPCTL_ENDPOINTS";

    private static final String NEAR = "127.0.0.1:24443";

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

    /** Before the name of a command, where it is not yet known whether that asks an admin API. */
    private final OptionSpec endpointsBefore =
            endpoints(
                    "of show, member and check: where the admin API is (default: "
                            + ENDPOINTS_VARIABLE
                            + ", else "
                            + NEAR
                            + ")",
                    ScopeType.LOCAL);

    private final OptionSpec endpoints =
            endpoints(
                    "where the admin API is, several by commas (default: "
                            + ENDPOINTS_VARIABLE
                            + ", else "
                            + NEAR
                            + ")",
                    ScopeType.INHERIT);

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

    private static OptionSpec endpoints(String description, ScopeType scope) {
        return Options.option("HOST:PORT", description, ENDPOINTS)
                .type(String[].class)
                .splitRegex(",")
                .scopeType(scope)
                .build();
    }

    void addTo(CommandSpec spec) {
        List.of(output, endpointsBefore, timeout, color, verbose).forEach(spec::addOption);
    }

    /** For a command that asks an admin API, and all below it. */
    void addEndpointsTo(CommandSpec spec) {
        spec.addOption(endpoints);
    }

    public boolean json() {
        return output.<Format>getValue() == Format.json;
    }

    /** Where the admin API is looked for, each {@code host:port}. */
    List<String> endpoints() {
        return Optional.<String[]>ofNullable(endpoints.getValue())
                .or(() -> Optional.ofNullable(endpointsBefore.getValue()))
                .map(List::of)
                .orElseGet(() ->
                        List.of(System.getenv().getOrDefault(ENDPOINTS_VARIABLE, NEAR).split(",")));
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
