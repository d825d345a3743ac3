package io.lispfabric.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;

/** Keys as they are pressed, on a terminal; letters as they come, from anything else. */
final class Keys implements AutoCloseable {
    /** Nothing will come any more. */
    static final int END = -1;

    private final InputStream in;
    private final boolean terminal;

    private Keys(InputStream in, boolean terminal) {
        this.in = in;
        this.terminal = terminal;
    }

    static Keys open() {
        boolean terminal = System.console() != null && stty("-icanon", "-echo", "min", "1");
        return new Keys(System.in, terminal);
    }

    /** Whether a key counts when it is pressed, as on a terminal. */
    boolean areSingle() {
        return terminal;
    }

    /** Waits for the next key. */
    int next() throws IOException {
        return in.read();
    }

    private static boolean stty(String... modes) {
        var command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(modes));
        try {
            return new ProcessBuilder(command).redirectInput(Redirect.INHERIT).start().waitFor()
                    == 0;
        } catch (IOException _) {
            return false; // then Enter must be pressed too
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        if (terminal) {
            stty("sane");
        }
    }
}
