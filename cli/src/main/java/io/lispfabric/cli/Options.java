package io.lispfabric.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options as values. picocli can also read them from annotations, but that takes a short command
 * more time than all it has to do; so only the long ones are written that way.
 */
final class Options {
    private Options() {}

    static OptionSpec.Builder option(String label, String description, String... names) {
        return OptionSpec.builder(names).paramLabel(label).description(description);
    }

    /** An option that is there or not. */
    static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name)
                .type(boolean.class)
                .arity("0")
                .defaultValue("false")
                .description(description)
                .build();
    }

    static OptionSpec help() {
        return OptionSpec.builder("-h", "--help")
                .type(boolean.class)
                .arity("0")
                .usageHelp(true)
                .description("Show this help message and exit.")
                .build();
    }

    /** A command without annotations. */
    static CommandSpec command(Object command, String name, String... description) {
        var spec = CommandSpec.wrapWithoutInspection(command).name(name);
        spec.usageMessage().description(description);
        return spec.addOption(help());
    }
}
