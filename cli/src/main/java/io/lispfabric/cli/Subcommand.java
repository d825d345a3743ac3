package io.lispfabric.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands share: where to print, and the options that stand above them. */
public abstract class Subcommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    /** For a command whose options are not annotations. */
    final CommandSpec known(CommandSpec itself) {
        spec = itself;
        return itself;
    }

    /** Results, and nothing but results. */
    protected final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Everything that is said to people. */
    protected final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    protected final Globals globals() {
        return ((Lispctl) spec.root().userObject()).globals();
    }

    /** Says on standard error what happens, to those who want to hear it. */
    protected final void verbose(String line) {
        if (globals().verbose()) {
            note(line);
        }
    }

    /** Says something on standard error. */
    protected final void note(String line) {
        err().println("lispctl: " + line);
        err().flush();
    }

    /** Prints a result. */
    protected final void print(Json json) {
        out().println(json.pretty());
        out().flush();
    }

    /** The exception for an option or argument that cannot be used. */
    protected final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** A time in milliseconds, as exact as one can be. */
    protected static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
