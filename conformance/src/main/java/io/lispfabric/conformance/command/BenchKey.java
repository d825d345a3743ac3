package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.app.TextFile;
import java.io.IOException;
import java.nio.file.Path;

/** The secret that a bench shares with the servers. */
final class BenchKey {
    private BenchKey() {}

    /**
     * The octets in a file, without the white space around them.
     *
     * @throws CommandFailure if there are none, saying why
     */
    static Bytes read(Path file) throws CommandFailure {
        try {
            return Bytes.of(TextFile.secret(file));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.USAGE, "cannot read the key file " + file + ": " + e.getMessage(), e);
        }
    }
}
