package io.lispfabric.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;

/** What runs here. */
final class VersionCommand extends Subcommand {
    CommandSpec spec() {
        return known(
                Options.command(
                        this, "version", "Print the version of lispctl and of what it runs on."));
    }

    @Override
    public Integer call() {
        if (globals().json()) {
            print(
                    Json.object()
                            .put("lispctl", version())
                            .put("java", Runtime.version().toString())
                            .put("os", os()));
        } else {
            out().println(line());
        }
        return ExitCode.OK;
    }

    private static String line() {
        return "lispctl " + version() + " (Java " + Runtime.version() + ", " + os() + ")";
    }

    /** From the jar's manifest, which a folder of classes does not have. */
    private static String version() {
        return Optional.ofNullable(Lispctl.class.getPackage().getImplementationVersion())
                .orElse("development");
    }

    private static String os() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }

    /** The same for {@code --version}. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {line()};
        }
    }
}
